/* The `why-small` command: what limits the reach of a line item. */
#ifndef RETICLE_VIEWS_WHY_SMALL_H
#define RETICLE_VIEWS_WHY_SMALL_H

#include "views/views.h"

/* Ask whether the estimates may be made, saying how many they are; then open the view of them. */
enum err why_small_start(struct app *app, const char *line_item_id, struct errinfo *ei);

#endif
