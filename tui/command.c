#include "tui/command.h"

#include <string.h>

const struct command core_commands[CORE_COUNT] = {
#define X(id, name, args, flags, group, help) {CORE_##id, name, args, flags, group, help},
#include "tui/commands.def"
#undef X
};

/* Copy one word to *to (which never overtakes the reading position). NULL: a quote stayed open. */
static const char *take_word(const char *p, char **to)
{
	char quote = '\0';

	for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			*(*to)++ = *++p;
		else
			*(*to)++ = *p;
	}
	return quote ? NULL : p;
}

enum err command_split(
    char *line, const char *raw, struct command_call *call, const char **name, struct errinfo *ei)
{
	const char *p = line + strspn(line, " \t");
	char *to = line;
	int words = 0;

	call->argc = 0;
	call->rest = raw + strspn(raw, " \t");
	call->rest += strcspn(call->rest, " \t");
	call->rest += strspn(call->rest, " \t");
	*name = "";
	while (*p) {
		char *word = to;

		p = take_word(p, &to);
		if (!p)
			return err_set(ei, ERR_USAGE, "a quote is not closed: %s", raw);
		p += strspn(p, " \t");
		/* the blank behind the word has been read, so there is room for its NUL */
		*to++ = '\0';
		if (words++ == 0)
			*name = word;
		else if (call->argc == COMMAND_ARGS_MAX)
			return err_set(ei, ERR_USAGE, "too many words: %s", raw);
		else
			call->argv[call->argc++] = word;
	}
	return ERR_OK;
}
