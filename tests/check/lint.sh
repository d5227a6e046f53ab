# Include directions, banned functions, sizes, formatting.
exec sh "$(dirname "$0")/../lint/run.sh"
