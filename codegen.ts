import type { CodegenConfig } from '@graphql-codegen/cli'

/** schema/schema.graphql and the documents of the web app -> schema/generated: `npm run codegen`. */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: ['web/app/**/*.{ts,tsx}', 'schema/operations/*.graphql'],
  ignoreNoDocuments: true,
  importExtension: '.ts',
  generates: {
    'schema/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        defaultScalarType: 'unknown',
        scalars: { DateTime: 'string', Date: 'string', JSON: 'unknown', ID: 'string' },
      },
    },
  },
}

export default config
