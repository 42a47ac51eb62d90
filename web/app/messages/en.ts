import { auth } from './en/auth.ts'
import { chat } from './en/chat.ts'
import { chatkit } from './en/chatkit.ts'
import { connection } from './en/connection.ts'
import { errors } from './en/errors.ts'
import { common } from './en/everywhere.ts'
import { failures } from './en/failures.ts'
import { files } from './en/files.ts'
import { frame } from './en/frame.ts'
import { history } from './en/history.ts'
import { moving } from './en/moving.ts'
import { settings } from './en/settings.ts'
import { tasks } from './en/tasks.ts'
import { time } from './en/time.ts'
import { titles } from './en/titles.ts'
import { tools } from './en/tools.ts'

/** All words of the pages in English, each area in a file of its own. */
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
