#include "config.h"

#include "feed/table_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct table_pool {
	pthread_mutex_t lock;	      /* guards what follows, and all pictures' heads */
	struct table_picture *newest; /* of those that live */
	uint64_t pictures;	      /* ever made */
	size_t users;		      /* the fold, and the pictures that live */
};

struct table_pool *
table_pool_new(void)
{
	struct table_pool *pool = xcalloc(1, sizeof(*pool));

	pthread_mutex_init(&pool->lock, NULL);
	pool->users = 1;
	return pool;
}

/* Gives up one use; called with the lock, which it releases. */
static void
leave(struct table_pool *pool)
{
	bool last = --pool->users == 0;

	pthread_mutex_unlock(&pool->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void
table_pool_free(struct table_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	leave(pool);
}

void *
table_pool_alloc(struct table_pool *pool, size_t size)
{
	struct table_piece *piece = xmalloc(size);

	piece->next = NULL;
	piece->born = pool->pictures + 1; /* only the fold's thread changes it */
	return piece;
}

/* Hands a piece to a picture that may show it, else frees it. */
static void
hand_down(struct table_picture *picture, struct table_piece *piece)
{
	if (!picture || picture->number < piece->born) {
		free(piece);
		return;
	}
	piece->next = picture->retired;
	picture->retired = piece;
}

void
table_pool_retire(struct table_pool *pool, struct table_piece *piece)
{
	if (!piece)
		return;
	pthread_mutex_lock(&pool->lock);
	hand_down(pool->newest, piece);
	pthread_mutex_unlock(&pool->lock);
}

void
table_picture_init(struct table_picture *picture, struct table_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	*picture = (struct table_picture){
		.pool = pool,
		.older = pool->newest,
		.number = ++pool->pictures,
		.refs = 1,
	};
	if (pool->newest)
		pool->newest->newer = picture;
	pool->newest = picture;
	pool->users++;
	pthread_mutex_unlock(&pool->lock);
}

void
table_picture_retain(struct table_picture *picture)
{
	pthread_mutex_lock(&picture->pool->lock);
	picture->refs++;
	pthread_mutex_unlock(&picture->pool->lock);
}

static void
take_out(struct table_picture *picture)
{
	struct table_piece *piece, *next;

	if (picture->newer)
		picture->newer->older = picture->older;
	else
		picture->pool->newest = picture->older;
	if (picture->older)
		picture->older->newer = picture->newer;
	for (piece = picture->retired; piece; piece = next) {
		next = piece->next;
		hand_down(picture->older, piece);
	}
}

bool
table_picture_release(struct table_picture *picture)
{
	struct table_pool *pool = picture->pool;

	pthread_mutex_lock(&pool->lock);
	if (--picture->refs > 0) {
		pthread_mutex_unlock(&pool->lock);
		return false;
	}
	take_out(picture);
	leave(pool);
	return true;
}
