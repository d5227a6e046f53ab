#include "api/scan.h"

#include <string.h>
#include "base/mem.h"

struct name { /* of a member; text NULL in arrays */
	const char *text;
	uint32_t len;
};

static bool refuse(struct json_scan *s, enum err err, const char *why)
{
	if (!s->err) {
		s->err = err;
		s->why = why;
	}
	return false;
}

static bool bad(struct json_scan *s, const char *why)
{
	return refuse(s, ERR_PROTOCOL, why);
}

static void skip_space(struct json_scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static struct json_node *add_node(struct json_scan *s, enum json_type type, struct name key)
{
	struct json *j = s->j;

	if (j->n >= s->max_nodes) {
		refuse(s, ERR_LIMIT, "too many values");
		return NULL;
	}
	if (j->n == j->cap) {
		size_t cap = j->cap ? j->cap * 2 : 256;
		struct json_node *v = mem_realloc_array(j->v, cap, sizeof *v);

		if (!v) {
			refuse(s, ERR_NOMEM, "out of memory");
			return NULL;
		}
		j->v = v;
		j->cap = cap;
	}
	struct json_node *n = &j->v[j->n++];

	*n = (struct json_node){.key = key.text, .key_len = key.len, .type = type, .span = 1};
	return n;
}

/* --- strings --- */

/* Bytes of the UTF-8 sequence at p, 0 when it is not one (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char lo, hi, lo2, hi2, len;
	} rows[] = {
	    {0xc2, 0xdf, 0x80, 0xbf, 2},
	    {0xe0, 0xe0, 0xa0, 0xbf, 3},
	    {0xe1, 0xec, 0x80, 0xbf, 3},
	    {0xed, 0xed, 0x80, 0x9f, 3},
	    {0xee, 0xef, 0x80, 0xbf, 3},
	    {0xf0, 0xf0, 0x90, 0xbf, 4},
	    {0xf1, 0xf3, 0x80, 0xbf, 4},
	    {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (p[0] < rows[i].lo || p[0] > rows[i].hi)
			continue;
		if (n < rows[i].len || p[1] < rows[i].lo2 || p[1] > rows[i].hi2)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool hex4(struct json_scan *s, uint32_t *out)
{
	*out = 0;
	if (s->end - s->p < 4)
		return bad(s, "cut escape");
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(*s->p++);

		if (d < 0)
			return bad(s, "bad escape");
		*out = *out << 4 | (uint32_t)d;
	}
	return true;
}

static char *put_utf8(char *o, uint32_t c)
{
	if (c < 0x80) {
		*o++ = (char)c;
	} else if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
		*o++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 0x3f));
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	}
	return o;
}

/* Behind "\u"; the decoded form is never longer than the escape, so it fits in place. */
static bool unicode_escape(struct json_scan *s, char **o)
{
	uint32_t c, low;

	if (!hex4(s, &c))
		return false;
	if (c == 0)
		return bad(s, "NUL in a string");
	if (c >= 0xdc00 && c <= 0xdfff)
		return bad(s, "lone surrogate");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (s->end - s->p < 6 || s->p[0] != '\\' || s->p[1] != 'u')
			return bad(s, "lone surrogate");
		s->p += 2;
		if (!hex4(s, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return bad(s, "lone surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*o = put_utf8(*o, c);
	return true;
}

static bool escape(struct json_scan *s, char **o)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (s->p >= s->end)
		return bad(s, "cut escape");
	char c = *s->p++;

	if (c == 'u')
		return unicode_escape(s, o);
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return bad(s, "bad escape");
	*(*o)++ = to[at - from];
	return true;
}

/* Bytes that stand for themselves: ASCII but controls, quote and backslash. */
#define P4 true, true, true, true
#define P12 P4, P4, P4
#define P16 P12, P4
static const bool plain[256] = {
    [' '] = true,
    true,
    false,
    true,
    P12, /* 0x20: the quote is its third */
    P16,
    P16, /* 0x30, 0x40 */
    P12,
    false,
    true,
    true,
    true, /* 0x50: the backslash is its thirteenth */
    P16,
    P16, /* 0x60, 0x70 */
};

static bool is_plain(char c)
{
	return plain[(unsigned char)c];
}

/* Has a word of eight bytes one that is not plain? (Bytes of 0x80 and more, below 0x20, quotes,
 * backslashes; a borrow can only report a byte behind one that is reported rightly.) */
static bool has_special(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return ((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & tops) != 0;
}

static char *skip_plain(char *p, const char *end)
{
	uint64_t w;

	for (; end - p >= 8; p += 8) {
		memcpy(&w, p, 8);
		if (has_special(w))
			break;
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}

/* s->p stands behind the opening quote. Decodes in place, ends with a NUL. Nothing is moved before
 * the first escape, which most strings do not have. */
static bool scan_string(struct json_scan *s, const char **text, uint32_t *len)
{
	char *first = s->p, *o = s->p;

	s->p = o = skip_plain(s->p, s->end);
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;

		if (is_plain(*s->p)) {
			*o++ = *s->p++;
		} else if (c == '"') {
			s->p++;
			*o = '\0';
			if (o - first > SCAN_MAX_STRING)
				return refuse(s, ERR_LIMIT, "string too long");
			*text = first;
			*len = (uint32_t)(o - first);
			return true;
		} else if (c == '\\') {
			s->p++;
			if (!escape(s, &o))
				return false;
		} else if (c < 0x20) {
			return bad(s, "control byte in a string");
		} else {
			size_t n = utf8_length((unsigned char *)s->p, (size_t)(s->end - s->p));

			if (!n)
				return bad(s, "invalid UTF-8");
			memmove(o, s->p, n);
			o += n;
			s->p += n;
		}
	}
	return bad(s, "cut string");
}

/* --- numbers and words --- */

static bool is_digit(const struct json_scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static bool digits(struct json_scan *s)
{
	if (!is_digit(s))
		return bad(s, "bad number");
	while (is_digit(s))
		s->p++;
	return true;
}

/* The NUL behind the number is put there after the whole document was read: the byte may be a
 * comma that is still needed. */
static bool scan_number(struct json_scan *s, struct name key)
{
	char *first = s->p;

	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0') {
		s->p++;
		if (is_digit(s))
			return bad(s, "number with a leading zero");
	} else if (!digits(s)) {
		return false;
	}
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!digits(s))
			return false;
	}
	if (s->p - first > SCAN_MAX_NUMBER)
		return refuse(s, ERR_LIMIT, "number too long");
	struct json_node *n = add_node(s, JSON_NUMBER, key);

	if (!n)
		return false;
	n->text = first;
	n->len = (uint32_t)(s->p - first);
	return true;
}

static bool scan_word(struct json_scan *s, struct name key)
{
	static const struct {
		const char *word;
		size_t len;
		enum json_type type;
	} words[] = {{"null", 4, JSON_NULL}, {"true", 4, JSON_TRUE}, {"false", 5, JSON_FALSE}};

	for (size_t i = 0; i < 3; i++) {
		if ((size_t)(s->end - s->p) < words[i].len ||
		    memcmp(s->p, words[i].word, words[i].len) != 0)
			continue;
		s->p += words[i].len;
		return add_node(s, words[i].type, key) != NULL;
	}
	return bad(s, "not a value");
}

/* A value that is no container; containers are opened by the caller. */
static bool scan_scalar(struct json_scan *s, struct name key)
{
	if (*s->p == '"') {
		const char *text;
		uint32_t len;

		s->p++;
		if (!scan_string(s, &text, &len))
			return false;
		struct json_node *n = add_node(s, JSON_STRING, key);

		if (!n)
			return false;
		n->text = text;
		n->len = len;
		return true;
	}
	if (*s->p == '-' || is_digit(s))
		return scan_number(s, key);
	return scan_word(s, key);
}

/* --- containers --- */

static bool is_duplicate(const struct json *j, uint32_t object, struct name key)
{
	const struct json_node *v = j->v;

	for (uint32_t i = object + 1; i < j->n; i += v[i].span)
		if (v[i].key_len == key.len && memcmp(v[i].key, key.text, key.len) == 0)
			return true;
	return false;
}

static uint64_t key_bit(struct name key)
{
	uint64_t first = 0, last = 0;
	size_t n = key.len < 8 ? key.len : 8;

	memcpy(&first, key.text, n);
	memcpy(&last, key.text + key.len - n, n);
	return (uint64_t)1 << (((first ^ last >> 7 ^ key.len) * 0x9e3779b97f4a7c15u) >> 58);
}

/* An object with more names than this is not of this API; the cap keeps the check of duplicates
 * from becoming quadratic work. */
enum { MAX_MEMBERS = 2048 };

static bool scan_key(struct json_scan *s, struct json_level *l, struct name *key)
{
	if (s->p >= s->end || *s->p != '"')
		return bad(s, "a name was expected");
	s->p++;
	if (!scan_string(s, &key->text, &key->len))
		return false;
	uint64_t bit = key_bit(*key);

	if ((l->seen & bit) && is_duplicate(s->j, l->node, *key))
		return bad(s, "duplicate name in an object");
	if (s->j->v[l->node].len >= MAX_MEMBERS)
		return refuse(s, ERR_LIMIT, "too many names in an object");
	l->seen |= bit;
	skip_space(s);
	if (s->p >= s->end || *s->p != ':')
		return bad(s, "a colon was expected");
	s->p++;
	skip_space(s);
	return true;
}

static bool is_open(char c)
{
	return c == '{' || c == '[';
}

static bool open_container(struct json_scan *s, struct name key)
{
	if (s->depth == SCAN_MAX_DEPTH)
		return refuse(s, ERR_LIMIT, "nested too deeply");
	enum json_type type = *s->p == '{' ? JSON_OBJECT : JSON_ARRAY;

	if (!add_node(s, type, key))
		return false;
	s->p++;
	s->levels[s->depth++] = (struct json_level){.node = (uint32_t)s->j->n - 1};
	return true;
}

/* One step within the innermost container: its end, or the next member. */
static bool scan_member(struct json_scan *s)
{
	struct json_level *l = &s->levels[s->depth - 1];
	struct json_node *n = &s->j->v[l->node];
	bool object = n->type == JSON_OBJECT;
	struct name key = {0};

	if (s->p < s->end && *s->p == (object ? '}' : ']')) {
		s->p++;
		n->span = (uint32_t)s->j->n - l->node;
		s->depth--;
		return true;
	}
	if (n->len) {
		if (s->p >= s->end || *s->p != ',')
			return bad(s, "a comma or the end was expected");
		s->p++;
		skip_space(s);
	}
	if (object && !scan_key(s, l, &key))
		return false;
	if (s->p >= s->end)
		return bad(s, "cut document");
	s->j->v[l->node].len++;
	return is_open(*s->p) ? open_container(s, key) : scan_scalar(s, key);
}

void json_init(struct json *j)
{
	*j = (struct json){0};
}

void json_done(struct json *j)
{
	mem_free(j->v);
	json_init(j);
}

/* Most values of this API take more text than this: room for them is asked for once. */
#define BYTES_A_NODE 20

static void begin(struct json_scan *s, struct json *j, char *text, size_t n)
{
	size_t guess = n / BYTES_A_NODE + 16;

	s->j = j;
	s->start = s->p = text;
	s->end = text + n;
	s->why = NULL;
	s->err = ERR_OK;
	s->depth = 0;
	s->begun = false;
	j->n = 0;
	if (j->cap < guess) {
		mem_free(j->v);
		j->v = mem_realloc_array(NULL, guess, sizeof *j->v);
		j->cap = j->v ? guess : 0; /* without it, add_node() tries with less */
	}
}

static bool scan_outermost(struct json_scan *s)
{
	const struct name none = {0};

	s->begun = true;
	skip_space(s);
	if (s->p >= s->end)
		return bad(s, "empty document");
	return is_open(*s->p) ? open_container(s, none) : scan_scalar(s, none);
}

bool json_scan_some(struct json_scan *s, size_t members)
{
	if (!s->err && !s->begun)
		scan_outermost(s);
	for (; s->depth && !s->err && members; members--) {
		skip_space(s);
		scan_member(s);
	}
	return s->err || !s->depth;
}

enum err json_scan_end(struct json_scan *s, struct errinfo *ei)
{
	struct json *j = s->j;

	if (!s->err)
		skip_space(s);
	if (!s->err && s->p != s->end)
		bad(s, "bytes after the document");
	if (s->err) {
		j->n = 0;
		if (!s->why)
			return err_set(
			    ei, s->err, "the answer is larger than %d bytes", SCAN_MAX_BYTES);
		return err_set(
		    ei, s->err, "bad JSON at byte %zu: %s", (size_t)(s->p - s->start), s->why);
	}
	for (size_t i = 0; i < j->n; i++)
		if (j->v[i].type == JSON_NUMBER)
			s->start[(j->v[i].text - s->start) + j->v[i].len] = '\0';
	return ERR_OK;
}

void json_scan_begin(struct json_scan *s, struct json *j, char *text, size_t n)
{
	begin(s, j, text, n <= SCAN_MAX_BYTES ? n : 0);
	s->max_nodes = SCAN_MAX_NODES;
	if (n > SCAN_MAX_BYTES)
		s->err = ERR_LIMIT;
}

enum err json_parse(struct json *j, char *text, size_t n, struct errinfo *ei)
{
	struct json_scan s;

	json_scan_begin(&s, j, text, n);
	while (!json_scan_some(&s, SIZE_MAX))
		continue;
	return json_scan_end(&s, ei);
}

enum err json_parse_file(struct json *j, char *text, size_t n, struct errinfo *ei)
{
	struct json_scan s;

	if (n > SCAN_FILE_BYTES)
		return err_set(ei, ERR_LIMIT, "the file is larger than %d bytes", SCAN_FILE_BYTES);
	begin(&s, j, text, n);
	s.max_nodes = SCAN_FILE_NODES;
	while (!json_scan_some(&s, SIZE_MAX))
		continue;
	return json_scan_end(&s, ei);
}
