/** ChatKit, and the way from it to the built-in chat and back. */
export const chatkit = {
  frame: 'Chat',
  disclaimer: 'The assistant can be wrong. Check what matters.',
  useBuiltIn: 'Use the built-in chat',
  failed:
    '{why}, so this is Parley’s own chat. <again>Try ChatKit again</again> or <always>always use this one</always>.',
  noHelp: 'Tried again, and it did not help.',
  trying: 'Trying ChatKit again…',
  chosen: 'Parley’s own chat. <other>Use ChatKit instead</other>',
  why: {
    'script-error': 'ChatKit could not be loaded from its host',
    'not-defined': 'ChatKit’s host answered with something else than ChatKit',
    timeout: 'ChatKit’s host does not answer',
    'not-ready': 'ChatKit was loaded but did not start',
    'frame-error':
      'ChatKit refused to start, perhaps because its maker does not know this address (its key for it belongs into PARLEY_CHATKIT_DOMAIN_KEY)',
  },
} as const
