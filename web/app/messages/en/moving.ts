/** Taking conversations along, and bringing them from elsewhere. */
export const moving = {
  moving: 'Export and import',
  lead: 'Your conversations are yours: take them along, or bring those from elsewhere.',
  exportAll: 'Take all conversations along',
  exportHint: 'JSONL keeps everything and can be imported again. Markdown is for reading.',
  asJsonl: 'Export as JSONL',
  asMarkdown: 'Export as Markdown',
  exporting: '{done, number} of {total, plural, one {# conversation} other {# conversations}}, {size}',
  receiving: '{size} so far',
  exported: 'The file is complete: {size}.',
  cancel: 'Cancel',
  importTitle: 'Bring conversations from elsewhere',
  importHint:
    'A file from Parley, or the export of ChatGPT (conversations.json), Claude, LibreChat or Open WebUI. Unpack a zip first. What is here already does not come twice.',
  chooseFile: 'Choose a file',
  sending: 'Sending {file}: {share, number, percent}',
  reading: '{done, number} of {total, plural, one {# conversation} other {# conversations}} read',
  counts:
    '{imported, plural, one {# conversation is} other {# conversations are}} here now, {present, plural, one {# was} other {# were}} here already, {skipped, plural, one {# was} other {# were}} skipped.',
  failed: 'The file was not read to its end.',
  skipped: 'What was skipped, and why',
  all: 'Every conversation of the file',
  more: 'and {count, number} more',
  outcome: { IMPORTED: 'imported', PRESENT: 'was here already', SKIPPED: 'skipped' },
  cut: 'The connection broke before the file was complete. Is it larger than this server takes?',
  exportOne: 'Export as JSONL',
  exportOneMarkdown: 'Export as Markdown',
} as const
