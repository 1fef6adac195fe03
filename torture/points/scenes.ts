/** All scenes, those of the four processes, and of mending, in turn. */
import { LOADER_SCENES } from './loader-scenes.ts'
import { MENDING_SCENES } from './mending-scenes.ts'
import { RECEIVER_SCENES } from './receiver-scenes.ts'
import type { Scene } from './scene.ts'
import { SENDER_SCENES } from './sender-scenes.ts'
import { WRITER_SCENES } from './writer-scenes.ts'

const BY_PROCESS = [SENDER_SCENES, RECEIVER_SCENES, LOADER_SCENES, WRITER_SCENES, MENDING_SCENES]

/** Consecutive scenes are of different processes. */
export const SCENES: readonly Scene[] = LOADER_SCENES.flatMap((_, index) => BY_PROCESS.flatMap((of) => of[index] ?? []))

/** Those in which files are packed, sent as what is new, read again where they are packed, and mended. */
export const PACKED_SCENES: readonly Scene[] = SCENES.filter(({ name }) => /packed|against/.test(name))
