/** What stands in the browser's tab, before the name of the product. */
export const titles = {
  signIn: 'Sign in',
  signUp: 'Create your account',
  dashboard: 'Dashboard',
  newChat: 'New conversation',
  history: 'History',
  settings: 'Settings',
  notFound: 'Not found',
} as const
