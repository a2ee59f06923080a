/* Between walk_*.c: an event in the making. */
#ifndef LD_TESTS_WALK_MOVE_H
#define LD_TESTS_WALK_MOVE_H

#include "tests/model/walk.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

struct move {
	struct walk *k;
	struct walk_plan *p;
	const struct nv_manifest *m; /* as the model has it; NULL: not here */
	Liandan__Event *e;
	unsigned by;
	unsigned co[2];
	size_t n_co;
	char also[16]; /* the other manifests that it names, for people */
};
typedef void (*move_fn)(struct move *v);

extern const char *const walk_codes[];
#define CODES 3

/* ---- pieces ---- */

void *walk_room(struct walk *k, size_t n); /* zeroed, of the event's arena */
void *walk_dup(struct walk *k, const void *init, size_t n);
#define NEW(k, Type, INIT) ((Type *)walk_dup((k), &(Type)INIT, sizeof(Type)))
ProtobufCBinaryData walk_bytes_of(const void *data, size_t len);
#define ID(p) walk_bytes_of((p)->id, LD_UUID_BYTES)
#define HASH(h) walk_bytes_of((h), LD_HASH_BYTES)
void walk_event(struct move *v, Liandan__Event__BodyCase which, void *body, unsigned by);
#define EVENT(v, CASE, body, by) walk_event((v), LIANDAN__EVENT__BODY_##CASE, (body), (by))
Liandan__Line *walk_line_of(struct walk *k, uint32_t number, unsigned code, int64_t mass_g,
			    bool estimated);
Liandan__Item *walk_an_item(struct walk *k, const char *container, uint32_t line, int64_t mass_g);
int64_t walk_some_mass(struct walk *k, int64_t mass_g); /* mostly this */
Liandan__ManifestCreated *walk_draft(struct walk *k, const struct walk_plan *p);
const char *walk_gen_site(const struct walk_plan *p);
const char *walk_rec_site(const struct walk_plan *p);
const char *walk_plate_of(unsigned carrier);

/* ---- who ---- */

unsigned walk_driver_of(struct walk *k, const char *party);
unsigned walk_holder_driver(struct move *v);
/* It has left its origin, by road or by pipeline. */
bool walk_is_there(const struct move *v);
uint32_t walk_leg_now(const struct move *v);
unsigned walk_next_carrier(const struct move *v);
unsigned walk_giver(struct move *v);
unsigned walk_receiver(const struct walk_plan *p);
unsigned walk_clerk(const struct walk_plan *p); /* of the generator */
/* What it would forward; false: nothing is there. */
bool walk_plan_forward(struct walk *k, struct walk_plan *p);
/* G2 sends to another province. */
bool walk_crosses(const struct walk_plan *p);
void walk_name_grant(struct walk *k, struct walk_plan *p);
void walk_by_generator(struct move *v); /* its clerk, or the collector that fills in for it */

/* A child takes such items along as `goes` says, or all: from then on a plan of its own, in
 * another's place; its id. */
const struct walk_plan *walk_child(struct move *v, const bool goes[WALK_ITEMS]);

/* ---- every kind of event ---- */

void walk_generate(struct move *v);
void walk_store(struct move *v);
void walk_treat(struct move *v);
void walk_lose(struct move *v);
void walk_weigh(struct move *v);
void walk_create(struct move *v);
void walk_seal(struct move *v);
void walk_cancel(struct move *v);
void walk_offer(struct move *v);
void walk_withdraw(struct move *v);
void walk_decline(struct move *v);
void walk_take(struct move *v);
void walk_stop(struct move *v);
void walk_go_on(struct move *v);
void walk_enter(struct move *v);
void walk_leave(struct move *v);
void walk_arrive(struct move *v);
void walk_accident(struct move *v);
void walk_receive(struct move *v);
void walk_analyse(struct move *v);
void walk_accept(struct move *v);
void walk_reject(struct move *v);
void walk_confirm(struct move *v);
void walk_report(struct move *v);
void walk_resolve(struct move *v);
void walk_paper(struct move *v);
void walk_hold(struct move *v);
void walk_unhold(struct move *v);
void walk_number(struct move *v);
void walk_repack(struct move *v);
void walk_count(struct move *v);
void walk_release(struct move *v);
void walk_take_part(struct move *v);
void walk_partly(struct move *v);
void walk_redirect(struct move *v);
void walk_propose(struct move *v);
void walk_agree(struct move *v);
void walk_pipe_day(struct move *v);
void walk_approve(struct move *v);
void walk_deny(struct move *v);
void walk_delegate(struct move *v);
void walk_adopt(struct move *v);

#endif
