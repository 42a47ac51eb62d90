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
      }
    }
    done: tasks(first: 20, status: DONE) {
      edges {
        node {
          ...TaskFields
        }
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
