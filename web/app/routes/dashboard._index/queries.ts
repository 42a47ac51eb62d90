import { graphql } from '../../../../schema/generated/gql.ts'

export const TaskPage = graphql(`
  query TaskPage {
    toolServers {
      name
      status
      error
    }
    open: tasks(first: 100, status: OPEN) {
      edges {
        node {
          ...TaskFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
    done: tasks(first: 20, status: DONE) {
      edges {
        node {
          ...TaskFields
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`)

export const MoreTasks = graphql(`
  query MoreTasks($status: TaskStatus!, $first: Int!, $after: String!) {
    tasks(status: $status, first: $first, after: $after) {
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
