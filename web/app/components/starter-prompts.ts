/** What one may ask for a start, by its name in the catalogue: the same in ChatKit and in the built-in panel. */
export const starters = ['showTasks', 'addTask', 'plan', 'abilities'] as const
