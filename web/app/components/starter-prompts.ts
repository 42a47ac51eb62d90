/** What one may ask for a start, by its name in the catalogue: the same in ChatKit and in the built-in panel. */
export const starters = ['showTasks', 'addTask', 'plan', 'abilities'] as const

/** What is asked where no model is connected: the offline assistant understands English only. */
export const offlinePrompts: Record<(typeof starters)[number], string> = {
  showTasks: 'Show my open tasks.',
  addTask: 'Add "Water the plants" for tomorrow.',
  plan: 'Add "Buy oat milk" for Friday, then show my open tasks.',
  abilities: 'What can you do?',
}
