/* The images and servers of registry.py, for the tests of one program. */
#ifndef REBUILD_TEST_REGISTRY_H
#define REBUILD_TEST_REGISTRY_H

#include "rebuild/container.h"

/* Starts them, in a folder of their own, which is then the present one. Ends the test when they do not come up. */
void registry_start(void);
void registry_stop(void);

/* A value that registry.py prints, by its name; never NULL. */
const char *registry_value(const char *name);

/* All that fetching needs, with a store in the folder `dir` and 20 seconds of time. */
struct registry_client {
	struct http_route route;
	struct oci oci;
	struct store *store;
};
void registry_client_start(struct registry_client *client, const char *dir);
void registry_client_done(struct registry_client *client);

/* oci_fetch of a reference as text. */
enum reason registry_fetch(struct registry_client *client, const char *reference,
			   const char *platform, struct oci_pins *ret);

/* "127.0.0.1:PORT/NAME" with what follows; borrowed until the next call. */
const char *registry_reference(const char *name, const char *rest);

#endif
