/** What one may ask for a start: the same in ChatKit and in the built-in panel. */
export const greeting = 'What can I do for you?'

export const starterPrompts = [
  { label: 'Show my open tasks', prompt: 'Show my open tasks.' },
  { label: 'Add a task for tomorrow', prompt: 'Add "Water the plants" for tomorrow.' },
  { label: 'Plan something with a due date', prompt: 'Add "Buy oat milk" for Friday, then show my open tasks.' },
  { label: 'What can you do?', prompt: 'What can you do?' },
] as const
