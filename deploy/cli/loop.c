/* One epoll set over all clients; each step also looks at every client's timers. With some hundreds
 * of clients that walk costs microseconds; it is not meant for tens of thousands. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "deploy/cli/client_internal.h"

#define LOOP_EVENTS 64
#define LOOP_TICK_MS 50 /* the finest that timers are looked at */

int64_t ld_loop_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 +
	       1; /* never 0: 0 means "not sent" */
}

enum ld_err ld_loop_new(struct ld_loop **out)
{
	struct ld_loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return LD_ERR_NOMEM;
	if (ld_arena_init(&loop->arena, LD_MAX_ARENA_BYTES) != 0) {
		free(loop);
		return LD_ERR_NOMEM;
	}
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		ld_arena_free(&loop->arena);
		free(loop);
		return LD_ERR_IO;
	}
	loop->jitter = (uint64_t)ld_loop_now() ^ (uint64_t)getpid() << 20;
	mosquitto_lib_init();
	*out = loop;
	return LD_OK;
}

void ld_loop_free(struct ld_loop *loop)
{
	if (!loop)
		return;
	while (loop->clients)
		ld_client_free(loop->clients);
	close(loop->epoll);
	ld_arena_free(&loop->arena);
	free(loop);
	mosquitto_lib_cleanup();
}

enum ld_err ld_loop_step(struct ld_loop *loop, int timeout_ms)
{
	struct epoll_event events[LOOP_EVENTS];
	int64_t now = ld_loop_now();
	for (struct ld_client *c = loop->clients; c; c = c->next)
		ld_conn_step(c, now);
	/* A caller that waits long still gets its clients' timers looked at. */
	int64_t until = now + (timeout_ms > 0 ? timeout_ms : 0);
	for (;;) {
		int64_t left = until - now;
		int wait = left <= 0 ? 0 : left < LOOP_TICK_MS ? (int)left : LOOP_TICK_MS;
		int n = epoll_wait(loop->epoll, events, LOOP_EVENTS, wait);
		if (n < 0 && errno != EINTR)
			return LD_ERR_IO;
		for (int i = 0; i < n; i++)
			ld_conn_io(events[i].data.ptr, events[i].events);
		now = ld_loop_now();
		for (struct ld_client *c = loop->clients; c; c = c->next)
			ld_conn_step(c, now);
		if (n != 0 || now >= until)
			return LD_OK;
	}
}
