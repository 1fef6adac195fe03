/** The oldest supported versions: older ones have bugs that lose data. */
export const NODE_MIN = '24.15.0'
export const SQLITE_MIN = '3.51.3'
