/** Where the simulated machines keep their files. */
import { foldersIn as serverFoldersIn } from '@splitcart/data-management/folders.ts'
import { foldersIn } from '@splitcart/scraping/folders.ts'

export const CLIENT_DATA = '/client'
export const CLIENT = foldersIn(CLIENT_DATA)
export const SERVER = serverFoldersIn('/server')
