/** The oldest versions with which accepted data is safe: older ones have bugs that lose data. */
export const NODE_MIN = '24.15.0'
export const SQLITE_MIN = '3.51.3'
