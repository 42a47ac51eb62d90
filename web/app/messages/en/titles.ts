/** What stands in the browser's tab, before the name of the product. */
export const titles = {
  signIn: 'Sign in',
  signUp: 'Create an account',
  forgotPassword: 'Forgot your password?',
  resetPassword: 'Choose a new password',
  dashboard: 'Dashboard',
  newChat: 'New chat',
  history: 'History',
  settings: 'Settings',
  notFound: 'Not found',
  description: 'Chat with an assistant that works on your tasks.',
} as const
