import { fileURLToPath } from 'node:url'
import { vitePlugin as remix } from '@remix-run/dev'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'

const api = process.env.API_URL ?? 'http://localhost:3000'

// Paths are relative to the repository's root: Remix reads package.json from the Vite root, so only this file lives in web/.
export default defineConfig({
  publicDir: 'web/public',
  resolve: { alias: { '~': fileURLToPath(new URL('./app', import.meta.url)) } },
  // Without the entries Vite finds dependencies late, bundles them again, and an open page ends up with two Reacts.
  optimizeDeps: {
    entries: ['web/app/entry.client.tsx', 'web/app/root.tsx', 'web/app/routes/**/*.tsx', 'web/app/components/**/*.tsx'],
  },
  // Fonts stay files: the pages' Content-Security-Policy lets none come out of a style sheet.
  build: { assetsInlineLimit: (file) => (/\.(woff2?|ttf)$/.test(file) ? false : undefined) },
  server: { proxy: { '/graphql': api, '/api': api, '/chatkit': api } },
  plugins: [
    tailwindcss(),
    remix({
      appDirectory: 'web/app',
      buildDirectory: 'web/build',
      future: {
        v3_fetcherPersist: true,
        v3_relativeSplatPath: true,
        v3_throwAbortReason: true,
        v3_lazyRouteDiscovery: true,
        v3_singleFetch: true,
        v3_routeConfig: true,
      },
    }),
  ],
})

declare module '@remix-run/server-runtime' {
  interface Future {
    v3_singleFetch: true
  }
}
