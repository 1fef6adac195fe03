/** The names of the lock files in the data folder: `serve` and `update-db` each hold theirs while they run. */
export const SERVE_LOCK = '.serve.lock'
export const UPDATE_DB_LOCK = '.update-db.lock'
