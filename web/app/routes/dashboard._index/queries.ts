import { graphql } from '../../../../schema/generated/gql.ts'

export const TasksOfPage = graphql(`
  fragment TasksOfPage on TaskConnection {
    edges {
      node {
        ...TaskFields
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
`)

export const TaskPage = graphql(`
  query TaskPage {
    toolServers {
      name
      status
      error
    }
    open: tasks(first: 100, status: OPEN) {
      ...TasksOfPage
      totalCount
    }
    done: tasks(first: 20, status: DONE) {
      ...TasksOfPage
      totalCount
    }
  }
`)

export const MoreTasks = graphql(`
  query MoreTasks($status: TaskStatus!, $first: Int!, $after: String!) {
    tasks(status: $status, first: $first, after: $after) {
      ...TasksOfPage
    }
  }
`)

export const AddTask = graphql(`
  mutation AddTask($input: CreateTaskInput!) {
    createTask(input: $input) {
      task {
        ...TaskFields
      }
    }
  }
`)

export const ChangeTask = graphql(`
  mutation ChangeTask($input: UpdateTaskInput!) {
    updateTask(input: $input) {
      task {
        ...TaskFields
      }
    }
  }
`)

export const RemoveTask = graphql(`
  mutation RemoveTask($input: DeleteTaskInput!) {
    deleteTask(input: $input) {
      deletedId
    }
  }
`)
