/* One applies, all others read and stage. The truth is an open-file-description lock on a file of
 * its own (state directory, locks/); the lease row in state.db says for people who holds it and
 * carries the epoch that fences every transition of the journal: a holder that slept while another
 * took over can no longer write. Works between processes of one machine only. */
#ifndef RETICLE_STORE_LOCK_H
#define RETICLE_STORE_LOCK_H

#include "store/store.h"

struct lock_holder {
	int64_t pid, epoch, since; /* since: wall clock; pid 0: nobody ever held it */
	char tty[64], host[64];
	bool here; /* on this machine, since it was started */
	bool held; /* right now, as far as the lease row tells */
};

/* Take the lock of the account. ERR_REFUSED when another process has it (the message names pid and
 * terminal) or when the file system has no locks (the message says so). Taking a lock that this
 * store holds already is allowed. Batches that a dead holder left behind are recovered first, see
 * journal_recover(). */
enum err lock_take(struct store *s, const char *account, struct errinfo *ei);
/* The user's option post_without_lock: on a file system without locks, and only there, the lease row
 * alone is taken. It still keeps out another process of this machine that is alive, and the epoch
 * still fences; two machines on one network disk are not kept apart. */
void lock_allow_missing(struct store *s, bool allow);
/* Is the lock one that lock_take takes, or took, without a lock of the file system? Always false
 * unless that was allowed. */
bool lock_is_missing(struct store *s, const char *account);
void lock_drop(struct store *s, const char *account); /* not held: nothing happens */
bool lock_is_held(const struct store *s, const char *account); /* by this store */
struct lock_holder lock_holder(struct store *s, const char *account);

#endif
