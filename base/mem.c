#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Atomic because the sandbox allocates on several threads; only tests set the failing. */
static struct {
	_Atomic uint64_t count;
	_Atomic long fail_after;
	_Atomic bool for_good;
} mem = {.fail_after = -1};

static bool refused(void)
{
	mem.count++;
	if (mem.fail_after < 0)
		return false;
	if (mem.fail_after-- > 0)
		return false;
	mem.fail_after = mem.for_good ? 0 : -1;
	return true;
}

void *mem_alloc(size_t n)
{
	return refused() ? NULL : malloc(n ? n : 1);
}

void *mem_zalloc(size_t n)
{
	return refused() ? NULL : calloc(1, n ? n : 1);
}

void *mem_array(size_t count, size_t size)
{
	return refused() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *mem_realloc(void *p, size_t n)
{
	return refused() ? NULL : realloc(p, n ? n : 1);
}

void *mem_realloc_array(void *p, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return mem_realloc(p, n);
}

char *mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void mem_free(void *p)
{
	free(p);
}

void mem_free_secret(void *p, size_t n)
{
	if (!p)
		return;
	explicit_bzero(p, n);
	free(p);
}

void mem_fail_after(long after, int for_good)
{
	mem.fail_after = after;
	mem.for_good = for_good;
}

uint64_t mem_count(void)
{
	return mem.count;
}
