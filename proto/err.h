/* The one error idiom: every function that can fail returns enum ld_err; LD_OK is 0, all others are
 * negative. Verdicts (what the ledger says of an event) are another thing: proto/verdict.h. */
#ifndef LD_PROTO_ERR_H
#define LD_PROTO_ERR_H

/*  name, value, text */
#define LD_ERR_LIST(X)                                                                             \
	X(LD_OK, 0, "ok")                                                                          \
	X(LD_ERR_NOMEM, -1, "out of memory")                                                       \
	X(LD_ERR_ARG, -2, "an argument is not what the function takes")                            \
	X(LD_ERR_MALFORMED, -3, "the bytes are not well-formed")                                   \
	X(LD_ERR_LIMIT, -4, "a limit is exceeded")                                                 \
	X(LD_ERR_NOT_FOUND, -5, "not found")                                                       \
	X(LD_ERR_EXISTS, -6, "already there")                                                      \
	X(LD_ERR_SIGNATURE, -7, "the signature does not verify")                                   \
	X(LD_ERR_KEY, -8, "the key cannot be used")                                                \
	X(LD_ERR_IO, -9, "input or output failed")                                                 \
	X(LD_ERR_DISK_FULL, -10, "the disk is full")                                               \
	X(LD_ERR_DB, -11, "the database refused")                                                  \
	X(LD_ERR_CORRUPT, -12, "stored data contradicts itself")                                   \
	X(LD_ERR_FOREIGN, -13, "this directory is not a ledger of ours")                           \
	X(LD_ERR_LOCKED, -14, "another process holds the lock")                                    \
	X(LD_ERR_ROLLBACK, -15, "the anchor is ahead of the ledger: it was rolled back")           \
	X(LD_ERR_NO_ANCHOR, -16, "the anchor of a non-empty ledger is missing")                    \
	X(LD_ERR_NETWORK_FS, -17, "the ledger must not stand on a network file system")            \
	X(LD_ERR_STATE, -18, "not possible in this state")                                         \
	X(LD_ERR_BEHIND, -19, "the index has not got there yet")                                   \
	X(LD_ERR_TIMEOUT, -20, "it took too long")                                                 \
	X(LD_ERR_REFUSED, -21, "refused")                                                          \
	X(LD_ERR_CONFIG, -22, "the configuration is wrong")

enum ld_err {
#define LD_ERR_ENUM(name, value, text) name = (value),
	LD_ERR_LIST(LD_ERR_ENUM)
#undef LD_ERR_ENUM
};

/* A sentence for people, never NULL; static. */
const char *ld_err_text(enum ld_err err);

#endif
