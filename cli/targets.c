#include "cli/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "api/scan.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/journal.h"
#include "targeting/set.h"
#include "targeting/state.h"
#include "session/judge.h"
#include "session/revert.h"

#define FILE_MAX (256u << 20)
#define ERRORS_SHOWN 20

void targets_init(struct targets *t)
{
	*t = (struct targets){.account = ""};
	form_read_init(&t->read);
	arena_init(&t->arena);
	map_init(&t->known);
	map_init(&t->deletes);
}

void targets_done(struct targets *t)
{
	form_read_done(&t->read);
	arena_done(&t->arena);
	mem_free(t->ids);
	map_done(&t->known);
	map_done(&t->deletes);
}

enum err targets_add_id(struct targets *t, const char *id)
{
	const char *copy;

	if (map_get(&t->known, id, NULL))
		return ERR_OK;
	if (t->n_ids == t->cap_ids) {
		size_t cap = t->cap_ids ? t->cap_ids * 2 : 64;
		const char **more = mem_realloc_array(t->ids, cap, sizeof *more);

		if (!more)
			return ERR_NOMEM;
		t->ids = more;
		t->cap_ids = cap;
	}
	copy = arena_strdup(&t->arena, id);
	if (!copy || map_put(&t->known, id, t->n_ids))
		return ERR_NOMEM;
	t->ids[t->n_ids++] = copy;
	return ERR_OK;
}

enum err targets_slurp(const char *file, struct buf *out, struct errinfo *ei)
{
	int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	char chunk[16384];
	ssize_t n;

	if (fd < 0)
		return err_set(ei, ERR_USAGE, "cannot read %s: %s", file, strerror(errno));
	while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && buf_add(out, chunk, (size_t)n))
			break;
	ei->code = ERR_OK;
	if (n < 0)
		err_set(ei, ERR_IO, "cannot read %s: %s", file, strerror(errno));
	else if (out->failed)
		err_set(ei, out->failed, "%s is larger than %u MiB", file, FILE_MAX >> 20);
	if (fd != STDIN_FILENO)
		close(fd);
	return ei->code;
}

static void print_errors(const struct form_read *r, const char *file)
{
	struct buf line;

	buf_init(&line, 1 << 16);
	for (size_t i = 0; i < r->n_errors && i < ERRORS_SHOWN; i++) {
		const struct form_error *e = &r->errors[i];

		buf_clear(&line);
		text_escape(&line, e->text, strlen(e->text));
		fprintf(stderr, "%s:%zu:%zu: %s\n", file, e->line, e->column, buf_str(&line));
	}
	buf_done(&line);
}

enum err targets_parse(struct targets *t, const char *file, struct buf *text, struct errinfo *ei)
{
	static const char csv_head[] = "line_item_id";
	const char *p = buf_str(text);
	enum err err;

	if (strncmp(p, "\xEF\xBB\xBF", 3) == 0) /* as spreadsheets write it */
		p += 3;
	if (strncmp(p, csv_head, sizeof csv_head - 1) == 0)
		err = form_csv_read(&t->read, buf_str(text), text->len);
	else if (p[strspn(p, " \t\r\n")] == '[')
		err = targets_batch(t, text->p + (p - text->p), text->len - (size_t)(p - text->p));
	else
		err = targets_yaml(t, buf_str(text), text->len);
	for (size_t i = 0; i < t->read.rows.n && !err; i++)
		err = targets_add_id(t, t->read.rows.v[i].line_item_id);
	return err ? err_set(ei, err, "%s could not be read", file) : ERR_OK;
}

enum err targets_read(struct targets *t, const char *file, struct errinfo *ei)
{
	struct buf text;
	enum err err;

	buf_init(&text, FILE_MAX);
	err = targets_slurp(file, &text, ei);
	if (!err)
		err = targets_parse(t, file, &text, ei);
	buf_done(&text);
	if (err || !t->read.n_errors)
		return err;
	print_errors(&t->read, file);
	return err_set(
	    ei, ERR_USAGE, "%s has %zu errors; nothing was done", file, t->read.n_errors);
}

/* --- what would change --- */

void delta_init(struct delta *d)
{
	*d = (struct delta){0};
	criterion_set_init(&d->live);
	criterion_set_init(&d->wanted);
	change_set_init(&d->changes);
	map_init(&d->rows);
	plan_init(&d->plan);
}

void delta_done(struct delta *d)
{
	plan_done(&d->plan);
	map_done(&d->rows);
	change_set_done(&d->changes);
	criterion_set_done(&d->wanted);
	criterion_set_done(&d->live);
}

/* Rows of one line item stand together in live. */
bool delta_live(void *user, const char *id, const struct criterion **v, size_t *n)
{
	const struct delta *d = user;
	uint64_t from;

	if (!map_get(&d->rows, id, &from))
		return false;
	*v = d->live.v + from;
	for (*n = 0; from + *n < d->live.n && !strcmp((*v)[*n].line_item_id, id);)
		++*n;
	return true;
}

static enum err add_live(struct delta *d, struct headless *h, const char *id, struct errinfo *ei)
{
	size_t unknown;
	enum err err = map_put(&d->rows, id, d->live.n);

	if (!err)
		err = session_criteria(h->session, &id, 1, &d->live, &unknown, ei);
	if (err)
		return err_set(ei, err, "the criteria could not be read");
	if (unknown)
		return err_set(
		    ei, ERR_PROTOCOL, "the criteria of line item %.64s could not be read", id);
	return ERR_OK;
}

/* A delete names a criterion without its line item, so all of them are looked through. */
static enum err add_all_live(struct delta *d, struct headless *h, struct errinfo *ei)
{
	static const struct cli_options all = {0};
	const char **ids = NULL;
	size_t n;
	enum err err = headless_line_items(h, &all, &ids, &n, ei);

	if (!err && n)
		err = headless_criteria(h, ids, n, ei);
	mem_free(ids); /* the set may have moved while reading */
	ids = NULL;
	if (!err)
		err = headless_line_items(h, &all, &ids, &n, ei);
	for (size_t i = 0; !err && i < n; i++)
		err = add_live(d, h, ids[i], ei);
	mem_free(ids);
	return err;
}

static enum err find_deletes(const struct delta *d, const struct targets *t, struct errinfo *ei)
{
	size_t found = 0;

	for (size_t i = 0; i < d->live.n; i++)
		found += !d->live.v[i].deleted && map_get(&t->deletes, d->live.v[i].id, NULL);
	if (found == t->deletes.count)
		return ERR_OK;
	return err_set(ei, ERR_USAGE,
	    "%zu of the criteria that the file deletes are not in the account",
	    t->deletes.count - found);
}

static enum err read_live(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < t->n_ids && !err; i++)
		if (!session_line_item(h->session, t->ids[i]))
			return err_set(ei, ERR_USAGE,
			    "there is no line item \"%.64s\" in account %s", t->ids[i],
			    session_account_id(h->session));
	if (t->deletes.count) {
		err = add_all_live(d, h, ei);
		return err ? err : find_deletes(d, t, ei);
	}
	if (t->n_ids)
		err = headless_criteria(h, t->ids, t->n_ids, ei);
	for (size_t i = 0; i < t->n_ids && !err; i++)
		err = add_live(d, h, t->ids[i], ei);
	return err;
}

static enum err state_digest(
    const struct criterion *v, size_t n, char digest[DIGEST_HEX_SIZE], struct errinfo *ei)
{
	struct buf bytes;
	enum err err;

	buf_init(&bytes, FILE_MAX * 4);
	err = state_account_bytes(&bytes, v, n);
	if (!err)
		err = digest_sha256(bytes.p, bytes.len, digest, ei);
	buf_done(&bytes);
	return err ? err_set(ei, err, "no memory for the state of the account") : ERR_OK;
}

enum err delta_state(struct session *s, const char *const *ids, size_t n,
    char digest[DIGEST_HEX_SIZE], struct errinfo *ei)
{
	struct criterion_set live;
	size_t unknown;
	enum err err;

	criterion_set_init(&live);
	err = session_criteria(s, ids, n, &live, &unknown, ei);
	if (!err)
		err = state_digest(live.v, live.n, digest, ei);
	criterion_set_done(&live);
	return err;
}

enum err delta_compare(struct delta *d, const struct targets *t)
{
	enum err err = ERR_OK;

	if (t->is_batch)
		return delta_of_batch(d, t);
	for (size_t i = 0; i < t->read.rows.n && !err; i++)
		err = criterion_set_copy(&d->wanted, &t->read.rows.v[i]) ? ERR_OK : ERR_NOMEM;
	/* what has an operator that no form can say was left out of the export: it stays */
	for (size_t i = 0; i < d->live.n && !err; i++)
		if (d->live.v[i].op == OP_OTHER)
			err = criterion_set_copy(&d->wanted, &d->live.v[i]) ? ERR_OK : ERR_NOMEM;
	return err ? err : set_diff(&d->live, &d->wanted, &d->changes);
}

/* The plan of d->changes, and the state that it was made from. */
static enum err make_plan(struct delta *d, struct headless *h, struct errinfo *ei)
{
	struct expr_lookup lookup = judge_expr_lookup(h->session);
	struct plan_input in = {.changes = &d->changes,
	    .max_ops = (size_t)session_batch_size(h->session),
	    .user = d,
	    .live = delta_live,
	    .lookup = &lookup};
	enum err err = plan_build(&d->plan, &in, ei);
	const char **ids = err ? NULL : mem_array(d->plan.n_line_items + 1, sizeof *ids);

	for (size_t i = 0; ids && i < d->plan.n_line_items; i++)
		ids[i] = d->plan.line_items[i].line_item_id;
	if (!err)
		err = ids ? delta_state(h->session, ids, d->plan.n_line_items, d->state, ei)
			  : err_set(ei, ERR_NOMEM, "no memory for the plan");
	mem_free(ids);
	return err;
}

enum err delta_build(
    struct delta *d, struct headless *h, const struct targets *t, struct errinfo *ei)
{
	enum err err = read_live(d, h, t, ei);

	if (err)
		return err;
	err = delta_compare(d, t);
	return err ? err_set(ei, err, "no memory for the plan") : make_plan(d, h, ei);
}

/* --- back to what was before a posting --- */

static enum err find_posting(struct headless *h, uint64_t changeset, struct errinfo *ei)
{
	struct journal_page page = {session_account_id(h->session), changeset + 1, 1};
	struct journal_changeset_list list;
	enum err err;

	journal_changeset_list_init(&list);
	err = journal_changesets(session_store(h->session), &page, &list, ei);
	if (!err && (!list.n || list.v[0].id != changeset))
		err = err_set(ei, ERR_USAGE,
		    "there is no posting %llu to account %s in the journal of this machine",
		    (unsigned long long)changeset, page.account);
	journal_changeset_list_done(&list);
	return err;
}

static enum err read_posted_items(
    struct delta *d, struct headless *h, const struct journal_op_list *ops, struct errinfo *ei)
{
	const char **ids = mem_array(ops->n + 1, sizeof *ids);
	struct map seen;
	size_t n = 0;
	enum err err = ids ? ERR_OK : err_set(ei, ERR_NOMEM, "no memory for the plan");

	map_init(&seen);
	for (size_t i = 0; i < ops->n && !err; i++) {
		const char *id = ops->v[i].change.line_item_id;

		if (map_get(&seen, id, NULL))
			continue;
		ids[n++] = id;
		err = map_put(&seen, id, n);
		if (!err && !session_line_item(h->session, id))
			err = err_set(ei, ERR_CONFLICT, "line item %.64s is gone", id);
	}
	if (!err && n)
		err = headless_criteria(h, ids, n, ei);
	for (size_t i = 0; i < n && !err; i++)
		err = add_live(d, h, ids[i], ei);
	map_done(&seen);
	mem_free(ids);
	return err;
}

/* What somebody put back already is there: creating it again would be a duplicate. */
static void drop_there(struct delta *d, const struct change_set *from, struct errinfo *ei)
{
	struct set_index live;
	struct arena a;
	enum err err = ERR_OK;

	arena_init(&a);
	set_index_init(&live);
	for (size_t i = 0; i < d->live.n && !err; i++) {
		struct set_key key;
		size_t found;

		err = d->live.v[i].deleted ? ERR_OK : set_key_of(&a, &d->live.v[i], &key);
		if (!err && !d->live.v[i].deleted)
			err = set_index_put(&live, &key, i, &found);
	}
	for (size_t i = 0; i < from->n && !err; i++) {
		struct criterion c;
		struct set_key key;
		size_t row;

		change_to_criterion(&from->v[i], &c);
		err = set_key_of(&a, &c, &key);
		if (!err && from->v[i].kind == CHANGE_CREATE && set_index_get(&live, &key, &row))
			d->moot++;
		else if (!err && !change_set_copy(&d->changes, &from->v[i]))
			err = ERR_NOMEM;
	}
	set_index_done(&live);
	arena_done(&a);
	if (err)
		err_set(ei, err, "no memory for the plan");
}

enum err delta_revert(struct delta *d, struct headless *h, uint64_t changeset, struct errinfo *ei)
{
	struct journal_op_list ops;
	struct change_set back;
	struct revert_result result;
	enum err err = find_posting(h, changeset, ei);

	d->is_revert = true;
	journal_op_list_init(&ops);
	change_set_init(&back);
	if (!err)
		err = journal_ops(session_store(h->session), changeset, 0, &ops, ei);
	if (!err)
		err = read_posted_items(d, h, &ops, ei);
	if (!err)
		err = revert_changes(h->session, changeset, &back, &result, ei);
	if (!err) {
		d->not_ours = result.not_ours;
		d->moot = result.moot;
		ei->code = ERR_OK;
		drop_there(d, &back, ei);
		err = ei->code;
	}
	change_set_done(&back);
	journal_op_list_done(&ops);
	return err ? err : make_plan(d, h, ei);
}

/* --- plan files --- */

void plan_file_server(const struct headless *h, char out[PLAN_SERVER_BYTES])
{
	const struct config_profile *p = h->client.profile;

	snprintf(out, PLAN_SERVER_BYTES, "%s/%s", client_realm(p->base_url), p->api_version);
}

static void member(struct buf *out, const char *name, const char *text, const char *end)
{
	form_json_string(out, name);
	buf_adds(out, ": ");
	form_json_string(out, text);
	buf_adds(out, end);
}

enum err plan_file_write(
    struct buf *out, const char *server, const char *account, const struct delta *d)
{
	const struct change_set *set = &d->changes;

	buf_adds(out, "{\n  \"reticle_plan\": 1,\n  ");
	member(out, "server", server, ",\n  ");
	member(out, "account", account, ",\n  ");
	member(out, "state", d->state, ",\n  \"changes\": [");
	for (size_t i = 0; i < set->n; i++) {
		const struct change *c = &set->v[i];

		buf_adds(out, i ? ",\n    {" : "\n    {");
		member(out, "operation", change_kind_name(c->kind), ", ");
		member(out, "line_item", c->line_item_id, ", ");
		member(out, "type", c->type_name, ", ");
		member(out, "operator", op_name(c->op), ", ");
		member(out, "value", c->value, "");
		if (c->criterion_id) {
			buf_adds(out, ", ");
			member(out, "id", c->criterion_id, "");
		}
		if (c->name) {
			buf_adds(out, ", ");
			member(out, "name", c->name, "");
		}
		buf_addc(out, '}');
	}
	return buf_adds(out, set->n ? "\n  ]\n}\n" : "]\n}\n");
}

static enum err read_change(struct plan_file *p, const struct json_node *n, struct errinfo *ei)
{
	const char *operation = json_string(json_get(n, "operation")),
		   *op = json_string(json_get(n, "operator"));
	struct change c = {.line_item_id = json_string(json_get(n, "line_item")),
	    .criterion_id = json_string(json_get(n, "id")),
	    .type_name = json_string(json_get(n, "type")),
	    .value = json_string(json_get(n, "value")),
	    .name = json_string(json_get(n, "name"))};
	bool is_delete = operation && !strcmp(operation, change_kind_name(CHANGE_DELETE));

	c.kind = is_delete ? CHANGE_DELETE : CHANGE_CREATE;
	if (!operation || (!is_delete && strcmp(operation, change_kind_name(CHANGE_CREATE)) != 0) ||
	    !c.line_item_id || !c.type_name || !c.value || !op || op_by_name(op) == OP_OTHER ||
	    is_delete != (c.criterion_id != NULL))
		return err_set(
		    ei, ERR_USAGE, "change %zu of the plan is not one", p->changes.n + 1);
	c.type = type_by_name(c.type_name);
	c.op = op_by_name(op);
	return change_set_copy(&p->changes, &c) ? ERR_OK
						: err_set(ei, ERR_NOMEM, "no memory for the plan");
}

static enum err read_plan(struct plan_file *p, const struct json_node *root, struct errinfo *ei)
{
	const struct json_node *list = json_get(root, "changes");
	const char *server = json_string(json_get(root, "server")),
		   *account = json_string(json_get(root, "account")),
		   *state = json_string(json_get(root, "state"));
	int64_t version;
	enum err err = ERR_OK;

	if (!json_int64(json_get(root, "reticle_plan"), &version) || version != 1 || !server ||
	    !account || !state || !list)
		return err_set(ei, ERR_USAGE, "this is no plan file; reticle plan --out makes one");
	p->server = arena_strdup(&p->arena, server);
	p->account = arena_strdup(&p->arena, account);
	p->state = arena_strdup(&p->arena, state);
	if (!p->server || !p->account || !p->state)
		return err_set(ei, ERR_NOMEM, "no memory for the plan");
	for (const struct json_node *n = json_first(list); n && !err; n = json_after(list, n))
		err = read_change(p, n, ei);
	return err;
}

enum err plan_file_read(struct plan_file *p, const char *file, struct errinfo *ei)
{
	struct buf text;
	struct json j;
	enum err err;

	*p = (struct plan_file){0};
	arena_init(&p->arena);
	change_set_init(&p->changes);
	buf_init(&text, FILE_MAX);
	json_init(&j);
	err = targets_slurp(file, &text, ei);
	if (!err && !text.len)
		err = err_set(ei, ERR_USAGE, "%s is empty", file);
	if (!err)
		err = json_parse_file(&j, text.p, text.len, ei);
	if (err == ERR_PROTOCOL)
		ei->code = err = ERR_USAGE;
	if (!err)
		err = read_plan(p, json_root(&j), ei);
	json_done(&j);
	buf_done(&text);
	return err;
}

void plan_file_done(struct plan_file *p)
{
	change_set_done(&p->changes);
	arena_done(&p->arena);
}
