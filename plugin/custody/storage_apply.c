/* Storage on the way: custody is the storage's party's, and the vehicle is free, until a driver
 * takes it on. It is under manifest all the time and in nobody's stock. CUSTODY-10. */
#include <string.h>

#include "plugin/custody/manifest.h"
#include "plugin/custody/road.h"

enum ld_err ld_storage_end(struct ld_custody *c, Custody__Manifest *m)
{
	m->flags &= ~(uint32_t)CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE;
	return ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STORAGE, 0);
}

static void not_late(Custody__Manifest *m)
{
	m->flags &=
	    ~(uint32_t)(CUSTODY__MANIFEST_FLAG__FLAG_OVERDUE | CUSTODY__MANIFEST_FLAG__FLAG_LOST);
}

enum ld_err ld_storage_entered_apply(struct ld_custody *c, const struct ld_fact *f,
				     const Liandan__TemporaryStorageEntered *b)
{
	const struct ld_container_step step = {.party = f->signer->party, .site = b->site};
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	m->storage_site = b->site;
	m->storage_ms = ld_step_ms(f, m->taken_ms);
	m->storage_leg = m->leg;
	m->holder = f->signer->party;
	m->holder_person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	m->flags |= CUSTODY__MANIFEST_FLAG__FLAG_IN_STORAGE;
	not_late(m);
	err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_stop_end(c, m, m->storage_ms);
	if (err == LD_OK)
		err = ld_load_del(c, m);
	if (err == LD_OK)
		err = ld_travel_stop(c, m);
	if (err == LD_OK)
		err = ld_manifest_clock(c, m, LIANDAN__DEADLINE_CLOCK__DEADLINE_CLOCK_STORAGE,
					m->storage_ms + ld_rules_of(c, m)->temporary_storage_ms);
	if (err == LD_OK)
		err = ld_manifest_move_all(c, m, &step, f->index);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}

/* Another carrier than the one that brought it begins the next leg. */
static void take_on(struct ld_custody *c, const struct ld_fact *f,
		    const Liandan__TemporaryStorageLeft *b, Custody__Manifest *m)
{
	if (strcmp(m->carrier, f->signer->party) != 0)
		m->leg++;
	m->giver_person = m->holder_person;
	m->holder = m->carrier = f->signer->party;
	m->holder_person = (char *)(uintptr_t)ld_person_of(c, f->signer);
	m->plate = b->plate;
	m->driver = b->driver;
	m->taken_ms = ld_step_ms(f, m->storage_ms);
	m->eta_ms = ld_expected_ms(ld_rules_of(c, m), m, m->taken_ms, 0);
	m->stopped_ms = 0;
	m->accident_ms = 0;
	not_late(m);
}

enum ld_err ld_storage_left_apply(struct ld_custody *c, const struct ld_fact *f,
				  const Liandan__TemporaryStorageLeft *b)
{
	const struct ld_container_step step = {.party = f->signer->party, .site = ""};
	Custody__Manifest *m;
	enum ld_err err = ld_manifest_get(c, b->manifest, &m);

	if (err != LD_OK)
		return err == LD_ERR_NOT_FOUND ? LD_OK : err;
	err = ld_carriage_end(c, m, m->storage_ms);
	if (err != LD_OK)
		return err;
	take_on(c, f, b, m);
	err = ld_offer_close(c, m);
	if (err == LD_OK)
		err = ld_storage_end(c, m);
	if (err == LD_OK)
		err = ld_load_put(c, m);
	if (err == LD_OK)
		err = ld_travel_clocks(c, f, m);
	if (err == LD_OK)
		err = ld_manifest_move_all(c, m, &step, f->index);
	return err == LD_OK ? ld_manifest_touch_put(c, f, m) : err;
}
