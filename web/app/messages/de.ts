import { auth } from './de/auth.ts'
import { chat } from './de/chat.ts'
import { chatkit } from './de/chatkit.ts'
import { connection } from './de/connection.ts'
import { errors } from './de/errors.ts'
import { common } from './de/everywhere.ts'
import { failures } from './de/failures.ts'
import { files } from './de/files.ts'
import { frame } from './de/frame.ts'
import { history } from './de/history.ts'
import { moving } from './de/moving.ts'
import { settings } from './de/settings.ts'
import { tasks } from './de/tasks.ts'
import { time } from './de/time.ts'
import { titles } from './de/titles.ts'
import { tools } from './de/tools.ts'

/** All words of the pages in German, each area in a file of its own. */
export const messages = {
  auth,
  chat,
  chatkit,
  common,
  connection,
  errors,
  failures,
  files,
  frame,
  history,
  moving,
  settings,
  tasks,
  time,
  titles,
  tools,
} as const
