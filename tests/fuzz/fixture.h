/* A small region for the targets that need one: parties, sites, a vehicle, a scale, licences, keys,
 * in a scratch state that every input finds as it was. Key ids are one byte sixteen times; nobody
 * signs here. */
#ifndef LD_TESTS_FUZZ_FIXTURE_H
#define LD_TESTS_FUZZ_FIXTURE_H

#include "plugin/custody/access.h"
#include "plugin/custody/custody.h"
#include "tests/fuzz/fuzz.h"

#define FZ_NOW INT64_C(1795000000000) /* ledger time of the fixture */
#define FZ_REGION "r1"

struct fz_region {
	struct ld_custody c;
	struct ld_arena arena;
};

/* Signers: key ids. */
enum fz_key {
	FZ_AUTHORITY = 'A',  /* eeb/root */
	FZ_REGULATOR = 'I',  /* eeb/inspector */
	FZ_GENERATOR = 'G',  /* gen/office, person p-gen */
	FZ_DRIVER = 'D',     /* car/zhang, person p-zhang */
	FZ_ADMIN = 'O',	     /* car/office */
	FZ_TERMINAL = 'T',   /* car/t1, mounted on A1 */
	FZ_RECEIVER = 'R',   /* rec/gate, person p-rec */
	FZ_SCALE = 'S',	     /* rec/w1 */
	FZ_STORE = 'P',	     /* str/yard, person p-str */
	FZ_LABORATORY = 'L', /* lab/desk */
	FZ_DRIVER2 = 'E',    /* car2/li, person p-li */
	FZ_RECEIVER2 = 'Q',  /* rec2/gate, person p-rec2 */
};
#define FZ_KEYS "AIGDOTRSPLEQ"

/* Opens state and arena and writes the fixture into it, committed. */
void fz_region_open(struct fz_region *r);
/* Back to the fixture; empty arena. */
void fz_region_reset(struct fz_region *r);

/* A key that is the same in every run (of these tests alone), and the one good token of gen/d1 at
 * FZ_NOW, malloc'd. */
struct ld_key *fz_token_key(void);
char *fz_token_text(struct ld_key *key);

#endif
