/* Swallows uploads as fast as loopback carries them, so that the client is the bottleneck.
 *
 * HTTP/1.1, a thread for each connection, 1 MiB reads. It speaks just enough of YouTube's resumable
 * upload for a real client to publish through it, and takes a plain `curl -T` as well. Nothing is kept.
 *
 *   cc -O2 -pthread sink.c -o sink                            plain:  ./sink
 *   cc -O2 -pthread -DTLS sink.c -o sink -lssl -lcrypto       TLS:    ./sink cert.pem key.pem
 *
 * Prints its port on the first line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
static SSL_CTX *context;
#endif

enum { BLOCK = 1 << 20, HEAD = 1 << 16 };

typedef struct {
    int socket;
#ifdef TLS
    SSL *tls;
#endif
} Line;

static ssize_t line_read(Line *line, void *to, size_t most) {
#ifdef TLS
    return SSL_read(line->tls, to, most > BLOCK ? BLOCK : (int)most);
#else
    return recv(line->socket, to, most, 0);
#endif
}

static void line_write(Line *line, const char *text) {
#ifdef TLS
    SSL_write(line->tls, text, (int)strlen(text));
#else
    if (send(line->socket, text, strlen(text), MSG_NOSIGNAL) < 0) return;
#endif
}

static const char *field(const char *head, const char *name) {
    const char *found = strcasestr(head, name);
    return found ? found + strlen(name) : NULL;
}

static void answer(Line *line, const char *head, const char *host) {
    char text[2048], extra[256] = "", status[64] = "200 OK";
    const char *body =
        "{\"id\":\"aaaaaaaaaaa\",\"status\":{\"uploadStatus\":\"processed\",\"privacyStatus\":\"%s\"},"
        "\"items\":[{\"id\":\"aaaaaaaaaaa\",\"status\":{\"uploadStatus\":\"processed\",\"privacyStatus\":\"%s\"}}]}";
    char filled[512];
    const char *range = field(head, "\r\nContent-Range: bytes ");
    const char *privacy = strncmp(head, "GET", 3) == 0 ? "private" : "public";
    snprintf(filled, sizeof filled, body, privacy, privacy);
    if (strncmp(head, "POST", 4) == 0) {
        snprintf(extra, sizeof extra, "Location: %s/session\r\n", host);
    } else if (range && range[0] != '*') {
        long long last = 0, total = 0;
        sscanf(range, "%*d-%lld/%lld", &last, &total);
        if (last + 1 < total) {
            strcpy(status, "308 Resume Incomplete");
            snprintf(extra, sizeof extra, "Range: bytes=0-%lld\r\n", last);
            filled[0] = 0;
        }
    }
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s",
             status, extra, strlen(filled), filled);
    line_write(line, text);
}

static char address[64];

static void *serve(void *argument) {
    Line *line = argument;
    char *head = malloc(HEAD + 1), *block = malloc(BLOCK);
#ifdef TLS
    line->tls = SSL_new(context);
    SSL_set_fd(line->tls, line->socket);
    if (SSL_accept(line->tls) <= 0) goto over;
#endif
    size_t held = 0;
    for (;;) {
        char *end;
        head[held] = 0;
        while (!(end = strstr(head, "\r\n\r\n"))) {
            ssize_t got = line_read(line, head + held, HEAD - held);
            if (got <= 0) goto over;
            held += (size_t)got;
            head[held] = 0;
        }
        size_t used = (size_t)(end - head) + 4;
        char saved = head[used];
        head[used] = 0;
        const char *length = field(head, "\r\nContent-Length: ");
        long long left = length ? atoll(length) : 0;
        if (field(head, "\r\nExpect: 100-continue")) line_write(line, "HTTP/1.1 100 Continue\r\n\r\n");
        char *request = strdup(head);
        head[used] = saved;
        long long here = (long long)(held - used) < left ? (long long)(held - used) : left;
        left -= here;
        memmove(head, head + used + here, held - used - (size_t)here);
        held -= used + (size_t)here;
        while (left > 0) {
            ssize_t got = line_read(line, block, left < BLOCK ? (size_t)left : BLOCK);
            if (got <= 0) { free(request); goto over; }
            left -= got;
        }
        answer(line, request, address);
        free(request);
    }
over:
#ifdef TLS
    SSL_free(line->tls);
#endif
    close(line->socket);
    free(head); free(block); free(line);
    return NULL;
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 64)) return 1;
    getsockname(listener, (struct sockaddr *)&at, &size);
#ifdef TLS
    if (count < 3) return 2;
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, words[1]) != 1) return 3;
    if (SSL_CTX_use_PrivateKey_file(context, words[2], SSL_FILETYPE_PEM) != 1) return 3;
    snprintf(address, sizeof address, "https://127.0.0.1:%d", ntohs(at.sin_port));
#else
    (void)count; (void)words;
    snprintf(address, sizeof address, "http://127.0.0.1:%d", ntohs(at.sin_port));
#endif
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        int got = accept(listener, NULL, NULL);
        if (got < 0) continue;
        setsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        Line *line = calloc(1, sizeof *line);
        line->socket = got;
        pthread_t thread;
        pthread_create(&thread, NULL, serve, line);
        pthread_detach(thread);
    }
}
