import { data, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node'
import { type ClientLoaderFunctionArgs, isRouteErrorResponse, useLoaderData, useRouteError } from '@remix-run/react'
import { apiFor } from '~/api.server.ts'
import { ErrorPage } from '~/components/error-page.tsx'
import { takeHandover } from '~/handover.ts'
import { titled } from '~/language.tsx'
import { useSurface } from '~/routes/dashboard.chat/surface.ts'
import { AroundChatKit } from './around-chatkit.tsx'
import { Panel } from './panel.tsx'
import { ChatPage } from './queries.ts'

export const pageSize = 50

export const meta: MetaFunction<typeof loader> = (args) =>
  args.data ? [{ title: `${args.data.conversation.title} · Parley` }] : titled('notFound')(args)

export async function loader(args: LoaderFunctionArgs) {
  const { conversation } = await apiFor(args)(ChatPage, { id: args.params.id ?? '', last: pageSize })
  if (!conversation) throw data('There is no such conversation.', { status: 404 })
  return { conversation }
}

export async function clientLoader({ params, serverLoader }: ClientLoaderFunctionArgs) {
  return takeHandover(params.id) ?? serverLoader<typeof loader>()
}

export default function ChatRoute() {
  const { conversation } = useLoaderData<typeof loader>()
  const { chatkit } = useSurface()
  const Page = chatkit ? AroundChatKit : Panel
  return <Page key={conversation.id} read={conversation} />
}

export function ErrorBoundary() {
  const error = useRouteError()
  return <ErrorPage inside status={isRouteErrorResponse(error) ? error.status : 500} />
}
