/** The locks in the data folder that say which programs are at work there. */
export const SERVE_LOCK = '.serve.lock'
export const UPDATE_DB_LOCK = '.update-db.lock'
