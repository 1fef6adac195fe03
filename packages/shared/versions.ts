/** The oldest versions that hold what is promised: older ones have bugs that lose data. */
export const NODE_MIN = '24.15.0'
export const SQLITE_MIN = '3.51.3'
