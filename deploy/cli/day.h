/* A DAY file: a played working day of a demonstration region, as plain text. Parties, sites,
 * trucks, trips, honest troubles and planted cheats. The format, word by word:
 * tests/days/README.md.
 *
 * This module only reads text. It knows no network, no clock and no randomness; it takes hostile
 * input: every count, length and number has a limit below, every unknown word is an error with its
 * line. */
#ifndef LD_CLI_DAY_H
#define LD_CLI_DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/limits.h"

#define LD_DAY_MAX_BYTES (1024 * 1024)
#define LD_DAY_MAX_LINE_BYTES 4096
#define LD_DAY_MAX_FIELDS 24 /* key=value pairs on a line */
#define LD_DAY_MAX_TEXT_BYTES 120
#define LD_DAY_MAX_PARTIES 200
#define LD_DAY_MAX_SITES 400
#define LD_DAY_MAX_SCALES 100
#define LD_DAY_MAX_TRUCKS 200
#define LD_DAY_MAX_DRIVERS 200
#define LD_DAY_MAX_WASTES 100
#define LD_DAY_MAX_TRIPS 1000
#define LD_DAY_MAX_ACTS 1000 /* troubles and cheats together */
#define LD_DAY_MAX_CODES 16  /* of one licence */
#define LD_DAY_MAX_CODE_BYTES 15
#define LD_DAY_MAX_CONTAINERS 60
#define LD_DAY_MAX_CLOCK_S (48 * 3600)

/* A name that another line declares. at: its index there; -1 where the line does not give one. */
struct ld_day_ref {
	char id[LD_MAX_ID_BYTES + 1];
	int at;
};

struct ld_day_point {
	int32_t lat_e7, lon_e7;
};

struct ld_day_party {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	char zh[LD_DAY_MAX_TEXT_BYTES + 1];
	char en[LD_DAY_MAX_TEXT_BYTES + 1];
	uint32_t roles;						 /* Role bits */
	uint32_t tier;						 /* Tier */
	char codes[LD_DAY_MAX_CODES][LD_DAY_MAX_CODE_BYTES + 1]; /* of its licence */
	uint32_t n_codes;					 /* 0: no licence */
};

struct ld_day_site {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	char zh[LD_DAY_MAX_TEXT_BYTES + 1];
	char en[LD_DAY_MAX_TEXT_BYTES + 1];
	struct ld_day_ref party;  /* at -1: a red zone, which belongs to nobody */
	uint32_t kind;		  /* SiteKind */
	struct ld_day_point gate; /* `at`, or the mean of the ring */
	int32_t radius_m;	  /* of a round fence; 0: ring */
	struct ld_day_point ring[LD_MAX_RING_POINTS];
	uint32_t n_ring;
};

struct ld_day_scale {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	struct ld_day_ref site;
	int64_t e_g; /* scale interval */
	int64_t max_g;
};

struct ld_day_truck {
	int line;
	char id[LD_MAX_ID_BYTES + 1]; /* the plate */
	struct ld_day_ref carrier;
	struct ld_day_ref home; /* a site */
	int64_t tare_g, max_g;
	uint32_t odometer; /* 0: its terminal has none */
};

struct ld_day_driver {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	struct ld_day_ref carrier;
};

struct ld_day_waste {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	char zh[LD_DAY_MAX_TEXT_BYTES + 1];
	char en[LD_DAY_MAX_TEXT_BYTES + 1];
	char code[LD_DAY_MAX_CODE_BYTES + 1];
	char mode[LD_DAY_MAX_CODE_BYTES + 1];
	uint32_t system;  /* CodeSystem */
	uint32_t hazards; /* Hazard bits */
	uint32_t form;	  /* Form */
	uint32_t package; /* Package */
};

struct ld_day_trip {
	int line;
	char id[LD_MAX_ID_BYTES + 1];
	char run[LD_MAX_ID_BYTES + 1]; /* trips of one milk run share it; empty: none */
	int32_t at_s; /* at the generator's gate; seconds after midnight of the day */
	struct ld_day_ref generator,
	    site;			/* site: origin; found from the generator where not given */
	struct ld_day_ref receiver, to; /* to: destination site; found likewise */
	struct ld_day_ref truck, driver, waste;
	int64_t mass_g;
	uint32_t containers; /* 0: bulk */
	uint32_t speed_kmh;
	int32_t load_s, unload_s;
	int32_t treat_s;	 /* after acceptance; 0: not on this day */
	struct ld_day_point via; /* 0,0: straight */
};

/* Keys that a trouble or cheat can take; bits. */
enum ld_day_key {
	LD_KEY_TRIP = 1,
	LD_KEY_TRUCK = 2,
	LD_KEY_PARTY = 4,
	LD_KEY_DRIVER = 8,
	LD_KEY_SCALE = 16,
	LD_KEY_SITE = 32,
	LD_KEY_AT = 64,
	LD_KEY_FROM = 128,
	LD_KEY_TO = 256,
	LD_KEY_FOR = 512,
	LD_KEY_DISTANCE = 1024,
	LD_KEY_MASS = 2048,
	LD_KEY_COUNT = 4096,
	LD_KEY_SHARE = 8192,
	LD_KEY_OTHER = 16384,
};

/* clang-format off */
/* name, required keys, keys of which one is required (0: none), optional keys, Chinese, English */
#define LD_TROUBLE_LIST(X)                                                                         \
	X(offline, LD_KEY_FROM | LD_KEY_TO, LD_KEY_TRUCK | LD_KEY_PARTY | LD_KEY_SCALE, 0,         \
	  "无网络，恢复后补发", "without network; sends later")                                    \
	X(no_fix, LD_KEY_FROM | LD_KEY_TO, LD_KEY_TRUCK, 0, "无定位信号", "no satellite fix")      \
	X(lunch, LD_KEY_AT | LD_KEY_FOR, LD_KEY_TRUCK, 0, "停车午休", "parked for lunch")          \
	X(asleep, LD_KEY_AT | LD_KEY_FOR, LD_KEY_TRUCK, 0, "停车且终端休眠",                       \
	  "parked, terminal asleep")                                                               \
	X(jam, LD_KEY_TRIP | LD_KEY_FOR, 0, LD_KEY_SHARE, "途中拥堵", "stands in traffic")         \
	X(stuck_clock, LD_KEY_FROM | LD_KEY_TO, LD_KEY_TRUCK, 0, "终端时钟停滞",                   \
	  "the terminal's clock sticks")                                                           \
	X(gps_jump, LD_KEY_AT, LD_KEY_TRUCK, LD_KEY_DISTANCE, "定位跳点", "one fix jumps away")    \
	X(reboot, LD_KEY_AT, LD_KEY_TRUCK, 0, "终端重启", "the terminal restarts")                 \
	X(duplicates, 0, LD_KEY_TRUCK | LD_KEY_PARTY | LD_KEY_SCALE, 0, "重复发送",                \
	  "everything is sent twice")                                                              \
	X(slow_scale, LD_KEY_SCALE | LD_KEY_FOR, 0, 0, "磅单迟到", "tickets come late")            \
	X(late, LD_KEY_TRIP | LD_KEY_FOR, 0, 0, "装车延误", "loading takes longer")                \
	X(drying, LD_KEY_TRIP | LD_KEY_MASS, 0, 0, "途中失水", "dries on the way")                 \
	X(typo, LD_KEY_TRIP, 0, 0, "填单笔误后更正", "the clerk mistypes and corrects")            \
	X(slow_driver, LD_KEY_TRIP, 0, 0, "交接请求过期后签收", "signs after the offer ran out")   \
	X(accident, LD_KEY_TRIP | LD_KEY_FOR, 0, LD_KEY_SHARE, "途中事故",                         \
	  "an accident on the way")                                                                \
	X(second_carrier, LD_KEY_TRIP | LD_KEY_TRUCK | LD_KEY_DRIVER | LD_KEY_SITE, 0, LD_KEY_FOR, \
	  "途中换车换承运人", "changes to another carrier on the way")                             \
	X(delegated, LD_KEY_TRIP | LD_KEY_PARTY, 0, 0, "委托收集单位代填联单",                     \
	  "a collector fills in the manifest")                                                     \
	X(partly_rejected, LD_KEY_TRIP | LD_KEY_COUNT, 0, 0, "部分拒收并退回",                     \
	  "a part is refused and goes back")                                                       \
	X(mistyped, LD_KEY_TRIP, 0, 0, "数量笔误，三方更正", "a weight is mistyped, all three amend it")

/* As above; the words are also those of the report. What must find each: play_find.c. */
#define LD_CHEAT_LIST(X)                                                                           \
	X(silent_detour, LD_KEY_TRIP, 0, LD_KEY_FOR | LD_KEY_DISTANCE | LD_KEY_SHARE,              \
	  "关闭终端绕行", "switches the terminal off and leaves the road")                         \
	X(parked_excursion, LD_KEY_TRIP, 0, LD_KEY_FOR | LD_KEY_DISTANCE | LD_KEY_SHARE,           \
	  "停车期间静默外出", "drives away and back in the silence of a stop")                     \
	X(accident_excuse, LD_KEY_TRIP, 0, LD_KEY_FOR | LD_KEY_DISTANCE | LD_KEY_SHARE,            \
	  "以事故为由的绕行", "a silent detour with an accident as the excuse")                    \
	X(never_arrives, LD_KEY_TRIP, 0, LD_KEY_SHARE, "有去无回，未送达", "never arrives")        \
	X(unmanifested_pickup, LD_KEY_TRUCK | LD_KEY_SITE | LD_KEY_AT, 0, LD_KEY_FOR,              \
	  "无联单装运", "loads and leaves without a manifest")                                     \
	X(ghost, LD_KEY_TRIP, 0, 0, "车未到场的虚假转移",                                          \
	  "closed on paper, the truck never there")                                                \
	X(wrong_site, LD_KEY_TRIP | LD_KEY_SITE, 0, 0, "送往未申报地点", "delivers elsewhere")     \
	X(short_weight, LD_KEY_TRIP | LD_KEY_MASS, 0, 0, "途中短少", "part is dumped on the way")  \
	X(added_weight, LD_KEY_TRIP | LD_KEY_MASS, 0, 0, "途中增重", "made up with water")         \
	X(missing_piece, LD_KEY_TRIP, 0, LD_KEY_COUNT, "件数短少", "pieces are missing")           \
	X(no_tickets, LD_KEY_TRIP, 0, 0, "无磅单接受", "accepted without tickets")                 \
	X(unlicensed_receiver, LD_KEY_TRIP, 0, 0, "接受人无资质", "the receiver has no licence")   \
	X(unlicensed_carrier, LD_KEY_TRIP, 0, 0, "承运人无资质", "the carrier has no licence")     \
	X(wrong_carrier, LD_KEY_TRIP | LD_KEY_DRIVER, 0, 0, "非联单承运人提货",                    \
	  "another carrier takes it")                                                              \
	X(unknown_vehicle, LD_KEY_TRIP, 0, 0, "未登记车辆", "the named truck is not registered")   \
	X(same_person, LD_KEY_TRIP, 0, 0, "交接双方同一人", "one person signs for both sides")     \
	X(revoked_key, LD_KEY_TRIP, 0, 0, "使用已撤销密钥", "a revoked key is used")               \
	X(forged_signature, LD_KEY_TRIP, 0, 0, "伪造签名", "a signature is forged")                \
	X(unknown_key, LD_KEY_TRIP, 0, 0, "未登记密钥", "a key that nobody enrolled")              \
	X(wrong_role, LD_KEY_TRIP, 0, 0, "司机代签接收", "the driver signs the receipt himself")   \
	X(replayed_event, LD_KEY_TRIP, 0, 0, "重放旧报文", "an old message is replayed")           \
	X(cancelled_and_taken, LD_KEY_TRIP, 0, 0, "作废后仍承运",                                  \
	  "cancelled, and taken all the same")                                                     \
	X(out_of_order, LD_KEY_TRIP, 0, 0, "未装车先接收", "received before it was taken")         \
	X(recycled_manifest, LD_KEY_TRIP, 0, 0, "联单重复使用",                                    \
	  "a used manifest is created again")                                                      \
	X(container_twice, LD_KEY_TRIP | LD_KEY_OTHER, 0, 0, "同一容器两张联单",                   \
	  "a container on two manifests")                                                          \
	X(wrong_hazards, LD_KEY_TRIP, 0, 0, "危险特性错误", "wrong hazard letters")                \
	X(wrong_code, LD_KEY_TRIP, 0, 0, "废物代码不在名录", "a waste code that does not exist")   \
	X(changed_content, LD_KEY_TRIP, 0, 0, "交接内容被改", "other contents than were sealed")   \
	X(broken_seal, LD_KEY_TRIP, 0, 0, "封签被换", "the seal is another one")                   \
	X(overdrawn, LD_KEY_TRIP, 0, 0, "转移量超过库存", "more is sealed than is in stock")       \
	X(clock_ahead, LD_KEY_TRIP, 0, 0, "时间超前", "signed for the day after tomorrow")         \
	X(forked_chain, LD_KEY_TRIP, 0, 0, "同一序号两份事件", "two events under one number")      \
	X(other_ledger, LD_KEY_TRIP, 0, 0, "其他账本的事件", "an event of another ledger")         \
	X(disputed_delegate, LD_KEY_TRIP | LD_KEY_PARTY, 0, 0, "代填内容被移出人否认",             \
	  "what a delegate filled in is disputed")                                                 \
	X(garbage, LD_KEY_TRIP, 0, 0, "无法解析的报文", "bytes that are no message")               \
	X(expired_scale, LD_KEY_SCALE, 0, 0, "衡器检定过期", "the scale's verification ran out")

/* clang-format on */

enum ld_day_word {
#define LD_DAY_ENUM(name, ...) LD_TROUBLE_##name,
	LD_TROUBLE_LIST(LD_DAY_ENUM)
#undef LD_DAY_ENUM
	    LD_DAY_FIRST_CHEAT,
	LD_DAY_BEFORE_CHEATS = LD_DAY_FIRST_CHEAT - 1,
#define LD_DAY_ENUM(name, ...) LD_CHEAT_##name,
	LD_CHEAT_LIST(LD_DAY_ENUM)
#undef LD_DAY_ENUM
	    LD_DAY_WORDS
};

/* A trouble or a cheat. */
struct ld_day_act {
	int line;
	char id[LD_MAX_ID_BYTES + 1]; /* given, or <word>-<line> */
	enum ld_day_word word;
	struct ld_day_ref trip, truck, party, driver, scale, site, other;
	int32_t at_s, from_s, to_s; /* -1: not given */
	int32_t for_s;		    /* 0: not given, the word's default */
	int32_t distance_m;	    /* likewise */
	int64_t mass_g;
	uint32_t count;
	uint32_t share; /* of the way, in per cent; 0: default */
};

struct ld_day {
	char zh[LD_DAY_MAX_TEXT_BYTES + 1];
	char en[LD_DAY_MAX_TEXT_BYTES + 1];
	int32_t from_s, to_s; /* of the day, seconds after midnight */
	uint32_t rate;	      /* ledger seconds a second that the day is written for */
	uint32_t seed;
	int32_t fix_s;	/* between fixes of a moving truck */
	uint32_t track; /* fixes in one track */
	struct ld_day_party *parties;
	struct ld_day_site *sites;
	struct ld_day_scale *scales;
	struct ld_day_truck *trucks;
	struct ld_day_driver *drivers;
	struct ld_day_waste *wastes;
	struct ld_day_trip *trips; /* in time order */
	struct ld_day_act *acts;
	size_t n_parties, n_sites, n_scales, n_trucks, n_drivers, n_wastes, n_trips, n_acts;
};

struct ld_day_fault {
	int line; /* from 1; 0: the file as a whole */
	char what[200];
};

/* Reads `len` bytes of text. On failure (LD_ERR_MALFORMED, LD_ERR_LIMIT, LD_ERR_NOMEM) *fault says
 * where and what, and *out is NULL. The result is the caller's: ld_day_free. */
enum ld_err ld_day_parse(const char *text, size_t len, struct ld_day **out,
			 struct ld_day_fault *fault);
/* From a file of at most LD_DAY_MAX_BYTES. LD_ERR_IO in addition. */
enum ld_err ld_day_load(const char *path, struct ld_day **out, struct ld_day_fault *fault);
void ld_day_free(struct ld_day *day);

bool ld_day_is_cheat(enum ld_day_word word);
const char *ld_day_word_name(enum ld_day_word word);
const char *ld_day_word_zh(enum ld_day_word word);
const char *ld_day_word_en(enum ld_day_word word);

#endif
