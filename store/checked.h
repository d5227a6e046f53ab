/* Pages with checksums. SQLite notices damage to the structure of a database, and takes altered
 * content for true; our files keep eight bytes of hash at the end of every page (in the space that
 * SQLite leaves reserved), written and compared where pages reach the disk and leave it. A wrong
 * page is SQLITE_IOERR_DATA. The log of SQLite has checksums of its own. For store/ only. */
#ifndef RETICLE_STORE_CHECKED_H
#define RETICLE_STORE_CHECKED_H

#include <sqlite3.h>

#define CHECKED_VFS "reticle"
#define CHECKED_BYTES 8

/* Make the file layer known to SQLite, once or often; false when it cannot. */
_Bool checked_register(void);

#endif
