/* From the cells that differ to the bytes for a terminal. No I/O: the bytes go into a buffer. */
#ifndef RETICLE_TUI_PAINTER_H
#define RETICLE_TUI_PAINTER_H

#include <stdbool.h>
#include "base/buf.h"
#include "tui/grid.h"
#include "tui/style.h"

#define PAINTER_COLORS 16
#define PAINTER_PIECE 24

struct painter {
	struct grid sent; /* what the terminal shows */
	uint64_t *hash_new, *hash_old;
	int hash_rows;
	/* of the terminal */
	char fg[PAINTER_COLORS][PAINTER_PIECE], bg[PAINTER_COLORS][PAINTER_PIECE];
	char bold[PAINTER_PIECE], dim[PAINTER_PIECE], italic[PAINTER_PIECE];
	char underline[PAINTER_PIECE], reverse[PAINTER_PIECE], reset[PAINTER_PIECE];
	const char *cup, *el, *csr, *indn, *rin, *cnorm, *civis;
	int colors;
	bool ansi; /* the pieces are ESC [ n m: can be joined into one sequence */
	bool ansi_cup; /* cup is ESC [ row ; column H */
	bool skip_corner; /* writing the last cell would scroll */
	/* while painting */
	struct buf *out;
	const struct theme *theme;
	bool color;
	int x, y; /* the terminal's cursor; x -1: not known */
	uint32_t look; /* style, over and flags in effect; UINT32_MAX: not known */
	int shown; /* cursor: 1 visible, 0 hidden, -1 not known */
};

/* Load the terminfo entry of that name; false with the reason. Writes nothing, never exits. */
bool painter_load(const char *name, int fd, const char **why);
/* Reads the entry that was loaded. */
void painter_init(struct painter *p);
void painter_done(struct painter *p);
enum err painter_resize(struct painter *p, struct clusters *clusters, int cols, int rows);
void painter_forget(struct painter *p); /* the terminal may show anything */
/* Append what turns `sent` into g. ERR_NOMEM or ERR_LIMIT: forget and try again. */
enum err painter_paint(struct painter *p, const struct grid *g, const struct theme *theme,
    bool color, struct buf *out);
/* A capability with its padding resolved; "" when the terminal does not have it. */
void painter_cap(const char *name, char *out, size_t cap);

#endif
