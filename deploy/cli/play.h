/* Inside `liandan play`: the played day with its devices, messages and findings. Not for other
 * commands.
 *
 * play.c         options, connection, the loop that lives through the day
 * play_device.c  who takes part, each with a key
 * play_world.c   registers parties, keys, vehicles, licences, sites, scales as the authority
 * play_event.c   builds the honest events of a trip at the generator
 * play_road.c    and those on the road, on the scales and at the receiver
 * play_story.c   and those of trips on which more happens
 * play_return.c  and those of what is refused and goes back
 * play_cheat.c   builds the cheats' own messages
 * play_track.c   fixes into tracks
 * play_send.c    devices: sealing, queueing, receipts
 * play_find.c    what the regulator hears, held against what was planted
 * play_report.c  the report */
#ifndef LD_CLI_PLAY_H
#define LD_CLI_PLAY_H

#include "deploy/cli/cli.h"
#include "deploy/cli/client.h"
#include "deploy/cli/net.h"
#include "deploy/cli/signer.h"
#include "deploy/cli/sim.h"
#include "proto/arena.h"

#define LD_PLAY_ANOMALIES 4000 /* remembered for the report */
#define LD_PLAY_PROBLEMS 200
/* Above this level an anomaly that no cheat and no trouble explains is a failure of the day. */
#define LD_PLAY_TOLERATED 1
#define LD_PLAY_FOUND_BY 8  /* kept for one cheat */
#define LD_PLAY_DELAYED 512 /* of one device: sealed and not yet sent (slow scale) */
#define LD_PLAY_TRACK_FIXES 64

enum ld_play_kind {
	LD_DEVICE_CLERK, /* of a generator or receiver */
	LD_DEVICE_DRIVER,
	LD_DEVICE_TERMINAL,
	LD_DEVICE_SCALE,
	LD_DEVICE_REGULATOR, /* reads only */
	LD_DEVICE_FORMER,    /* revoked_key: a clerk who left */
	LD_DEVICE_DOUBLE,    /* same_person: the driver's second key, with the generator */
};

/* A message held back until its time. */
struct ld_play_delayed {
	int64_t release_ms;
	size_t sent;
	uint8_t *bytes;
	size_t len;
	enum ld_lane lane;
};

struct ld_play;

struct ld_play_device {
	struct ld_play *play;
	enum ld_play_kind kind;
	int of; /* party, driver, truck, scale or act, as kind says */
	char party[LD_MAX_ID_BYTES + 1];
	char device[LD_MAX_ID_BYTES + 1];
	char client_id[2 * LD_MAX_ID_BYTES + 2];
	char person[LD_MAX_ID_BYTES + 1];
	uint32_t roles;
	uint32_t subject; /* KeySubject */
	struct ld_key *key;
	struct ld_signer signer;
	struct ld_client *client;
	struct ld_play_delayed *delayed;
	size_t n_delayed;
	size_t unreceipted;
	int64_t delay_ms; /* slow_scale */
	bool twice;	  /* duplicates */
	bool offline;
	bool enrolled; /* was there from an earlier play */
};

/* One message on its way and what became of it. */
struct ld_play_sent {
	struct ld_play_device *device;
	int trip; /* -1: none */
	enum ld_sim_what what;
	bool track;
	bool attack; /* the cheat's own message: a refusal is the point */
	bool raw;    /* published once, not queued */
	bool again;  /* the same bytes a second time */
	bool done;
	bool covered;
	bool duplicate;
	uint32_t verdict, reason;
	enum ld_err proof;
	uint8_t payload_hash[LD_HASH_BYTES];
	uint8_t event_hash[LD_HASH_BYTES];
	uint64_t index;
	int64_t at_ms;	 /* of the day */
	int64_t mono_ms; /* when it was handed over */
};

struct ld_play_trip {
	uint8_t manifest[LD_UUID_BYTES];
	char hex[2 * LD_UUID_BYTES + 1];
	uint8_t content[LD_HASH_BYTES];
	uint8_t hash[LD_SIM_WHATS][LD_HASH_BYTES]; /* event hashes of the steps done */
	size_t sent[LD_SIM_WHATS];		   /* index + 1; 0: not done */
	uint8_t last[LD_HASH_BYTES];		   /* event that the next one names as its cause */
	bool has_last;
	/* tare and gross out, gross and tare in, gross and tare of what comes back */
	uint8_t ticket[6][LD_UUID_BYTES];
	int64_t reading_g[6];
	/* manifests that carry on a part: what was refused, and on its way back */
	uint8_t child[2][LD_UUID_BYTES];
	char child_hex[2][2 * LD_UUID_BYTES + 1];
	size_t next;	  /* step */
	bool over;	  /* ended before its steps */
	uint8_t *created; /* packed ManifestCreated and items: what content froze */
	size_t created_len;
	uint8_t *old_bytes; /* an envelope to be replayed */
	size_t old_len;
};

/* A truck's terminal at work. */
struct ld_play_terminal {
	struct ld_play_device *device;
	int64_t next_fix_ms;
	struct ld_play_fix {
		int64_t t_ms;
		struct ld_day_point p;
		int64_t odometer_m;
		uint32_t load, speed_cm_s;
		bool ignition;
	} fix[LD_PLAY_TRACK_FIXES];
	size_t n;
	bool parked; /* of the fixes waiting */
	int gap;     /* GapCause before the first of them */
	int pending_gap;
	uint32_t boot;
	int64_t boot_ms;
	int64_t stuck_ms; /* satellite time that stands still; 0: runs */
	bool jumped;
};

struct ld_play_anomaly {
	uint64_t id;
	char kind[40], reason[40], phase[24], subject[100], manifest[40];
	char zh[320], en[320];
	uint32_t level, top_level; /* now, ever (provisional ones aside) */
	uint32_t provisional_level;
	uint32_t said_level;	 /* printed already as not planted */
	int64_t first_ms;	 /* of the day */
	int cheat;		 /* index of cheats, -1: none */
	int trouble;		 /* act that makes it expected, -1: none */
	uint32_t expected_level; /* up to which it is no surprise */
};

/* A cheat and what found it. */
struct ld_play_cheat {
	const struct ld_day_act *act;
	bool found;
	bool hidden;	  /* needs a timer that cannot run out at this speed */
	int64_t found_ms; /* of the day */
	char by[LD_PLAY_FOUND_BY][160];
	size_t n_by;
};

struct ld_play_options {
	const char *report, *day_path, *keys_dir, *speed;
	bool check, quiet;
	int64_t fast; /* 0: at the ledger's own rate; else that many times real time */
};

struct ld_play {
	struct ld_cli *cli;
	struct ld_net *net;
	struct ld_play_options opt;
	const struct ld_day *day;
	struct ld_sim *sim;
	struct ld_loop *loop;
	struct ld_arena arena; /* of the event being built */
	struct ld_client *authority;
	struct ld_signer authority_signer;
	struct ld_play_device *devices;
	size_t n_devices;
	struct ld_play_device *regulator;
	struct ld_play_trip *trips;
	struct ld_play_terminal *terminals; /* as day->trucks */
	struct ld_play_sent *sent;
	size_t n_sent, room_sent;
	struct ld_play_cheat *cheats;
	size_t n_cheats;
	struct ld_play_anomaly *anomalies;
	size_t n_anomalies;
	char problems[LD_PLAY_PROBLEMS][200];
	size_t n_problems, more_problems;
	uint64_t random;
	char tag[12]; /* of this play: batches and containers are the ledger's for ever */
	/* the ledger's clock */
	bool clock_known;
	int64_t clock_ms, clock_mono_ms;
	int64_t rate;
	int64_t day_zero_ms; /* ledger time of the day's midnight */
	int64_t first_ms;    /* ledger time when the day began: older anomalies are not its own */
	bool playing, interrupted;
	int64_t started_wall_ms, began_mono_ms;
	/* counts */
	uint64_t verdicts[32], refused_seen, held_applied, duplicates, verified, unverified,
	    covered, tracks, fixes;
	int64_t slowest_ms;
	/* registration */
	size_t registry_waiting, registry_refused;
};

/* ---- play_send.c ---- */
int64_t ld_play_now(const struct ld_play *p); /* of the day, by the ledger's clock */
int64_t ld_play_ledger(const struct ld_play *p, int64_t day_ms);
void ld_play_problem(struct ld_play *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ld_play_say(struct ld_play *p, int64_t at_ms, const char *zh, const char *en);
/* 07:31 of day time. */
const char *ld_play_clock(int64_t day_ms, char out[8]);
enum ld_err ld_play_connect(struct ld_play *p, struct ld_play_device *d);

struct ld_play_send {
	struct ld_play_device *device;
	Liandan__Event *event;
	int64_t at_ms; /* of the day */
	int trip;
	enum ld_sim_what what;
	bool attack;
	struct ld_key *cosigner; /* or NULL */
	uint8_t *hash;		 /* LD_HASH_BYTES, or NULL */
	size_t *sent;		 /* index + 1, or NULL */
};
enum ld_err ld_play_send(struct ld_play *p, const struct ld_play_send *s);
/* Bytes as they stand on a device's topic (NULL: its own), once. */
enum ld_err ld_play_raw(struct ld_play *p, struct ld_play_device *by, const char *topic_of,
			const uint8_t *bytes, size_t len, const struct ld_play_send *s);
/* A verdict on a message that was published raw; false: none waits for it. */
bool ld_play_settle_raw(struct ld_play *p, const Liandan__Receipt *r);
/* Releases what was held back until now; goes on and off the air. */
void ld_play_devices(struct ld_play *p, int64_t now_ms);
bool ld_play_sent_settled(const struct ld_play *p, size_t sent);
size_t ld_play_unreceipted(const struct ld_play *p);
struct ld_play_device *ld_play_device(struct ld_play *p, enum ld_play_kind kind, int of);

/* ---- play_device.c ---- */
/* The list of devices with their keys. */
enum ld_err ld_play_devices_make(struct ld_play *p, char *why, size_t cap);

/* ---- play_world.c ---- */
/* Everything the authority registers, until it is in the ledger. */
enum ld_err ld_play_register(struct ld_play *p, char *why, size_t cap);

/* ---- play_event.c, play_cheat.c ---- */
/* Does step `what` of the trip now. */
enum ld_err ld_play_step(struct ld_play *p, size_t trip, enum ld_sim_what what, int64_t at_ms);
enum ld_err ld_play_attack(struct ld_play *p, size_t trip, bool second, int64_t at_ms);
/* Shared by the two. */
enum ld_err ld_play_created(struct ld_play *p, size_t trip, enum ld_sim_what what, const char *code,
			    int64_t mass_g, const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms,
			    bool attack);
enum ld_err ld_play_sealed(struct ld_play *p, size_t trip, const char *other_container,
			   int64_t mass_g, const uint8_t manifest[LD_UUID_BYTES], int64_t at_ms,
			   bool attack);
enum ld_err ld_play_offered(struct ld_play *p, size_t trip, struct ld_play_device *by,
			    const uint8_t content[LD_HASH_BYTES], enum ld_sim_what what,
			    int64_t at_ms, bool attack);
/* Fills a HandoverTaken of the trip into the event (arena memory). */
struct ld_play_taking {
	struct ld_play_device *by;
	const char *plate;    /* as it says */
	const uint8_t *offer; /* its hash */
	uint32_t leg;
};
enum ld_err ld_play_taken_fill(struct ld_play *p, size_t trip, const struct ld_play_taking *t,
			       int64_t at_ms, Liandan__Event *event);
enum ld_err ld_play_received_fill(struct ld_play *p, size_t trip, int64_t at_ms,
				  Liandan__Event *event);
enum ld_err ld_play_arrived_fill(struct ld_play *p, size_t trip, int64_t at_ms,
				 Liandan__Event *event);
void ld_play_event_init(struct ld_play *p, Liandan__Event *event, int64_t at_ms);
ProtobufCBinaryData ld_play_bytes(struct ld_play *p, const uint8_t *data, size_t len);
/* Id of the delegation that a trouble or cheat needs (arena memory). */
char *ld_play_delegation(struct ld_play *p, const struct ld_day_act *a);
char *ld_play_container(struct ld_play *p, size_t trip, uint32_t n);

/* ---- play_track.c ---- */
/* Samples all trucks up to now; sends what is due. force: whatever waits of one truck, before its
 * driver signs. */
void ld_play_tracks(struct ld_play *p, int64_t now_ms);
void ld_play_track_flush(struct ld_play *p, size_t truck, int64_t now_ms);

/* ---- play_find.c ---- */
void ld_play_heard(struct ld_play *p, const char *topic, const uint8_t *payload, size_t len);
/* A verdict on a message of a cheat. */
void ld_play_verdict(struct ld_play *p, const struct ld_play_sent *s);
bool ld_play_expects(enum ld_day_word word, const char *kind, const char *reason);
/* The trouble is one that must be seen, and what shows it has not risen. */
bool ld_play_unseen(const struct ld_play *p, const struct ld_day_act *a);
bool ld_play_all_found(const struct ld_play *p);

/* ---- play_report.c ---- */
/* The exit code: everything planted was found, what had to be seen was, and nothing else rose. */
int ld_play_report(struct ld_play *p);

#endif
