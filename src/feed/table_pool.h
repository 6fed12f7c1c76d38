#ifndef LIFEBOAT_FEED_TABLE_POOL_H
#define LIFEBOAT_FEED_TABLE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory that a fold shares with the pictures that it gives away. The fold allocates pieces and retires
 * them when its present state no longer holds them; each lives on until the last picture that may show
 * it is released. A picture thus costs nothing for a row that it shares, and an old one that is kept
 * for long holds no more than what it shows. Allocation, retirement and new pictures are the fold's;
 * pictures are retained and released by any thread.
 */
struct table_pool;

/* The head of a piece. */
struct table_piece {
	struct table_piece *next;
	uint64_t born; /* the first picture that may show it */
};

/* The head of a picture: part of the snapshot that its maker allocates. */
struct table_picture {
	struct table_pool *pool;
	struct table_picture *older, *newer;
	uint64_t number;
	unsigned refs;
	struct table_piece *retired; /* what no newer picture shows */
};

struct table_pool *table_pool_new(void);
void table_pool_free(struct table_pool *pool); /* lives on as long as its pictures do */

void *table_pool_alloc(struct table_pool *pool, size_t size); /* begins with a struct table_piece */
void table_pool_retire(struct table_pool *pool, struct table_piece *piece); /* NULL is legal */

/* Makes a picture of what is held now; it counts one reference. */
void table_picture_init(struct table_picture *picture, struct table_pool *pool);
void table_picture_retain(struct table_picture *picture);
/* True: that was the last reference, and the caller frees what the picture is part of. */
bool table_picture_release(struct table_picture *picture);

#endif
