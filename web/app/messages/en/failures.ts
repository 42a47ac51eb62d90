/** What is shown in place of a page that cannot be. */
export const failures = {
  error: 'Error {status}',
  home: 'Go to the dashboard',
  again: 'Load again',
  notFound: {
    title: 'There is nothing here',
    text: 'The page may have been removed, or the address has a slip in it.',
  },
  tooFast: { title: 'A bit too fast', text: 'Wait a moment, then load the page again.' },
  away: {
    title: 'Not available right now',
    text: 'The server is busy or restarting. This usually passes in a moment.',
  },
  unforeseen: { title: 'Something went wrong', text: 'That is on our side. Load the page again, or go back home.' },
} as const
