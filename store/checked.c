#include "store/checked.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "store/pack.h"

#define PAGE 4096 /* SQLite's default, which is what our databases are made with */
#define BODY (PAGE - CHECKED_BYTES)
#define HEADER_BYTES 100 /* what SQLite reads first; reserved bytes are at 20, page size at 16 */

struct checked {
	sqlite3_file base;
	sqlite3_file *real; /* of the layer below, right behind this struct */
	bool on; /* the database has the reserved bytes */
};

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct checked *)f)->real;
}

static sqlite3_vfs *below(sqlite3_vfs *v)
{
	return v->pAppData;
}

/* Does this header of a database reserve our bytes, with our size of pages? */
static bool header_is_ours(const unsigned char *p)
{
	return memcmp(p, "SQLite format 3", 16) == 0 && p[20] == CHECKED_BYTES &&
	       p[16] == PAGE >> 8 && p[17] == 0;
}

static bool is_page(int amount, sqlite3_int64 at)
{
	return amount == PAGE && at % PAGE == 0;
}

/* The number of the page is hashed too: a page in the wrong place is wrong. */
static void hash_of(const void *page, sqlite3_int64 at, unsigned char out[CHECKED_BYTES])
{
	uint64_t h = pack_hash((uint64_t)(at / PAGE) + 1, page, BODY);

	memcpy(out, &h, CHECKED_BYTES);
}

/* SQLite may extend a file over pages that it never wrote; as part of a tree they are refused by
 * SQLite itself. */
static bool is_zero(const unsigned char *p)
{
	return p[0] == 0 && memcmp(p, p + 1, PAGE - 1) == 0;
}

static int checked_read(sqlite3_file *f, void *p, int amount, sqlite3_int64 at)
{
	struct checked *c = (struct checked *)f;
	unsigned char hash[CHECKED_BYTES];
	int rc = real(f)->pMethods->xRead(real(f), p, amount, at);

	if (rc != SQLITE_OK)
		return rc;
	if (at == 0 && amount >= HEADER_BYTES)
		c->on = header_is_ours(p);
	if (!c->on || !is_page(amount, at))
		return SQLITE_OK;
	hash_of(p, at, hash);
	if (memcmp(hash, (unsigned char *)p + BODY, CHECKED_BYTES) == 0 || is_zero(p))
		return SQLITE_OK;
	return SQLITE_IOERR_DATA;
}

static int checked_write(sqlite3_file *f, const void *p, int amount, sqlite3_int64 at)
{
	struct checked *c = (struct checked *)f;
	unsigned char page[PAGE];

	if (at == 0 && amount >= HEADER_BYTES)
		c->on = header_is_ours(p);
	if (!c->on || !is_page(amount, at))
		return real(f)->pMethods->xWrite(real(f), p, amount, at);
	memcpy(page, p, BODY);
	hash_of(page, at, page + BODY);
	return real(f)->pMethods->xWrite(real(f), page, PAGE, at);
}

static int checked_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int checked_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	return real(f)->pMethods->xTruncate(real(f), size);
}

static int checked_sync(sqlite3_file *f, int flags)
{
	return real(f)->pMethods->xSync(real(f), flags);
}

static int checked_file_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return real(f)->pMethods->xFileSize(real(f), size);
}

static int checked_lock(sqlite3_file *f, int kind)
{
	return real(f)->pMethods->xLock(real(f), kind);
}

static int checked_unlock(sqlite3_file *f, int kind)
{
	return real(f)->pMethods->xUnlock(real(f), kind);
}

static int checked_check_reserved(sqlite3_file *f, int *out)
{
	return real(f)->pMethods->xCheckReservedLock(real(f), out);
}

static int checked_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int checked_sector_size(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int checked_characteristics(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int checked_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}

static int checked_shm_lock(sqlite3_file *f, int from, int n, int flags)
{
	return real(f)->pMethods->xShmLock(real(f), from, n, flags);
}

static void checked_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int checked_shm_unmap(sqlite3_file *f, int remove)
{
	return real(f)->pMethods->xShmUnmap(real(f), remove);
}

/* Version 2: without xFetch, so SQLite never maps a file and every page passes checked_read. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = checked_close,
    .xRead = checked_read,
    .xWrite = checked_write,
    .xTruncate = checked_truncate,
    .xSync = checked_sync,
    .xFileSize = checked_file_size,
    .xLock = checked_lock,
    .xUnlock = checked_unlock,
    .xCheckReservedLock = checked_check_reserved,
    .xFileControl = checked_control,
    .xSectorSize = checked_sector_size,
    .xDeviceCharacteristics = checked_characteristics,
    .xShmMap = checked_shm_map,
    .xShmLock = checked_shm_lock,
    .xShmBarrier = checked_shm_barrier,
    .xShmUnmap = checked_shm_unmap,
};

static int checked_open(
    sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	struct checked *c = (struct checked *)f;
	int rc;

	/* logs and temporary files pass as they are */
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return below(v)->xOpen(below(v), name, f, flags, out_flags);
	memset(c, 0, sizeof *c);
	c->real = (sqlite3_file *)&c[1];
	rc = below(v)->xOpen(below(v), name, c->real, flags, out_flags);
	if (c->real->pMethods)
		f->pMethods = &methods;
	return rc;
}

_Bool checked_register(void)
{
	static sqlite3_vfs vfs;
	sqlite3_vfs *unix_vfs;

	if (sqlite3_vfs_find(CHECKED_VFS))
		return true;
	unix_vfs = sqlite3_vfs_find(NULL);
	if (!unix_vfs)
		return false;
	/* everything but the opening of files is the layer below's own business */
	vfs = *unix_vfs;
	vfs.pNext = NULL;
	vfs.zName = CHECKED_VFS;
	vfs.pAppData = unix_vfs;
	vfs.szOsFile = (int)sizeof(struct checked) + unix_vfs->szOsFile;
	vfs.xOpen = checked_open;
	return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
}
