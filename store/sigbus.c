/* An unreadable sector under an LMDB map arrives as SIGBUS in whoever read it. Where the address
 * lies in one of our maps we say so with write(2) and leave; any other SIGBUS belongs to the
 * handler that was there before. The table is the one piece of process-wide state in store/: a
 * signal handler has no argument. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/core.h"
#include "store/env.h"

#define SLOTS 16
#define EXIT_SIGBUS 74 /* sysexits EX_IOERR */

struct slot {
	atomic_uintptr_t env; /* who holds the slot, 0: free */
	atomic_uintptr_t from;
	atomic_uintptr_t to;
};

static struct slot slots[SLOTS];
static struct sigaction chained;
static atomic_bool installed;

void ld_sigbus_forget(MDB_env *mdb)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (atomic_load(&slots[i].env) != (uintptr_t)mdb)
			continue;
		atomic_store(&slots[i].to, 0);
		atomic_store(&slots[i].from, 0);
		atomic_store(&slots[i].env, 0);
	}
}

/* LMDB 0.9 tells the map's address only for MDB_FIXEDMAP, so the kernel is asked: the mapping of
 * our own data file. Neither path nor device number is compared (file systems disagree about the
 * latter). */
static bool find_map(MDB_env *mdb, uintptr_t *from, uintptr_t *to)
{
	struct stat st;
	char line[512];
	bool found = false;
	mdb_filehandle_t fd;

	if (mdb_env_get_fd(mdb, &fd) != MDB_SUCCESS || fstat(fd, &st) != 0)
		return false;
	FILE *f = fopen("/proc/self/maps", "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof line, f)) {
		unsigned long long lo, hi, inode;
		/* the kernel's own text. NOLINTNEXTLINE(cert-err34-c) */
		if (sscanf(line, "%llx-%llx %*s %*s %*s %llu", &lo, &hi, &inode) != 3 ||
		    inode != st.st_ino)
			continue;
		*from = (uintptr_t)lo;
		*to = (uintptr_t)hi;
		found = true;
	}
	fclose(f);
	return found;
}

void ld_sigbus_watch(MDB_env *mdb)
{
	uintptr_t from, to;

	ld_sigbus_forget(mdb);
	if (!find_map(mdb, &from, &to))
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		uintptr_t none = 0;
		if (!atomic_compare_exchange_strong(&slots[i].env, &none, (uintptr_t)mdb))
			continue;
		atomic_store(&slots[i].from, from);
		atomic_store(&slots[i].to, to);
		return;
	}
}

static void handler(int sig, siginfo_t *si, void *context)
{
	static const char line[] = "liandan: the disk under the ledger gave an input/output error "
				   "(SIGBUS in the map); leaving\n";
	uintptr_t at = (uintptr_t)si->si_addr;
	bool sent = si->si_code <= 0; /* by kill(2): there is no address */

	for (size_t i = 0; i < SLOTS && !sent; i++) {
		if (at < atomic_load(&slots[i].from) || at >= atomic_load(&slots[i].to))
			continue;
		ssize_t n = write(STDERR_FILENO, line, sizeof line - 1);
		(void)n;
		_exit(EXIT_SIGBUS);
	}
	if (chained.sa_flags & SA_SIGINFO) {
		chained.sa_sigaction(sig, si, context);
	} else if (chained.sa_handler != SIG_DFL && chained.sa_handler != SIG_IGN) {
		chained.sa_handler(sig);
	} else if (!sent || chained.sa_handler == SIG_DFL) {
		/* the access happens again and meets the default */
		struct sigaction dfl;
		memset(&dfl, 0, sizeof dfl);
		dfl.sa_handler = SIG_DFL;
		sigaction(SIGBUS, &dfl, NULL);
		if (sent)
			raise(sig);
	}
}

void ld_core_install_sigbus(void)
{
	struct sigaction sa;

	if (atomic_exchange(&installed, true))
		return;
	memset(&sa, 0, sizeof sa);
	sa.sa_sigaction = handler;
	sa.sa_flags = SA_SIGINFO | SA_NODEFER;
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGBUS, &sa, &chained) != 0)
		atomic_store(&installed, false);
}

void ld_core_remove_sigbus(void)
{
	if (atomic_exchange(&installed, false))
		sigaction(SIGBUS, &chained, NULL);
}
