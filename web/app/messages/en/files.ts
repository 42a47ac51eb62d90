/** Files that are sent along with a message. */
export const files = {
  attach: 'Attach files',
  drop: 'Drop the files here to send them along',
  list: 'Files that are sent along',
  sentAlong: 'Files of this message',
  remove: 'Remove {name}',
  uploading: '{percent, number}% sent',
  ready: 'Attached',
  onTheWay: 'The message can be sent once its files are there.',
  tooMany: 'A message can have {count, number} files at most.',
  tooLarge: '{name} is larger than 10 MB.',
  empty: '{name} is empty.',
  kind: '{name} cannot be read here. Pictures, PDF and text files can.',
  notSent: '{name} could not be attached. {reason}',
  notThere: 'An attached file is no longer there. Choose Edit, and attach it again.',
  openPicture: 'Picture: {name}',
  notShown: 'This file cannot be read right now.',
} as const
