/** The names of the lock files in the data folder, held by the running programs. */
export const SERVE_LOCK = '.serve.lock'
export const UPDATE_DB_LOCK = '.update-db.lock'
