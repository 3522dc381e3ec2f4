/*
 * tun-delay MILLISECONDS NEAR FAR
 *
 * A network link with a round-trip time. FAR is an address of the machine as it is, NEAR one in a network namespace of
 * this process: `nsenter --net=/proc/PID/ns/net COMMAND` runs a command at that end. Between them are two TUN devices;
 * a packet that is written into one comes out of the other half of MILLISECONDS later, so that TCP behaves as it does
 * on a long line. Prints "ready" once packets go through. Ends when its stdin ends, and everything is gone with it.
 * For root.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LONGEST 1500 /* a TUN device's MTU */
#define CAPACITY 4096 /* packets on their way in one direction; what comes then is dropped, as a router would do it */
#define SECOND 1000000000LL

struct packet {
  long long due; /* nanoseconds of the monotonic clock */
  ssize_t size;
  char bytes[LONGEST];
};

/* One direction: packets read from `in`, in the order in which they leave by `out`. */
struct direction {
  int in, out;
  unsigned long first, next;
  struct packet packets[CAPACITY];
};

static struct direction there, back;

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * SECOND + time.tv_nsec;
}

static void bring_up(const char *name) {
  struct ifreq request = {0};
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (control < 0 || ioctl(control, SIOCGIFFLAGS, &request)) err(1, "%s", name);
  request.ifr_flags |= IFF_UP;
  if (ioctl(control, SIOCSIFFLAGS, &request)) err(1, "%s cannot be brought up", name);
  close(control);
}

/* A TUN device with an address, the other end's being its only neighbour. The kernel removes it with the process. */
static int open_end(const char *address, const char *neighbour) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  struct sockaddr_in *inet = (struct sockaddr_in *)&request.ifr_addr;
  char name[IFNAMSIZ];
  int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (device < 0 || ioctl(device, TUNSETIFF, &request)) err(1, "no TUN device");
  memcpy(name, request.ifr_name, IFNAMSIZ);

  inet->sin_family = AF_INET;
  if (inet_pton(AF_INET, address, &inet->sin_addr) != 1) errx(1, "%s is no address", address);
  if (control < 0 || ioctl(control, SIOCSIFADDR, &request)) err(1, "%s", address);
  if (inet_pton(AF_INET, neighbour, &inet->sin_addr) != 1) errx(1, "%s is no address", neighbour);
  if (ioctl(control, SIOCSIFDSTADDR, &request)) err(1, "%s", neighbour);
  close(control);
  bring_up(name);
  return device;
}

static void take_in(struct direction *way, long long delay) {
  struct packet *packet = &way->packets[way->next % CAPACITY];
  char dropped[LONGEST];
  if (way->next - way->first == CAPACITY) {
    if (read(way->in, dropped, sizeof dropped) < 0 && errno != EAGAIN) err(1, "read");
    return;
  }
  packet->size = read(way->in, packet->bytes, sizeof packet->bytes);
  if (packet->size <= 0) return;
  packet->due = now() + delay;
  way->next++;
}

/* Sends what is due; gives when the next one is, -1 for none. */
static long long send_on(struct direction *way) {
  for (; way->first != way->next; way->first++) {
    struct packet *packet = &way->packets[way->first % CAPACITY];
    if (packet->due > now()) return packet->due;
    /* What the kernel does not take is lost, as packets are. */
    if (write(way->out, packet->bytes, packet->size) < 0 && errno != EAGAIN && errno != EIO) err(1, "write");
  }
  return -1;
}

int main(int count, char **arguments) {
  if (count != 4) errx(2, "usage: tun-delay MILLISECONDS NEAR FAR");
  long long delay = (long long)(atof(arguments[1]) * 1e6 / 2);
  int far = open_end(arguments[3], arguments[2]);
  if (unshare(CLONE_NEWNET)) err(1, "no network namespace");
  bring_up("lo");
  int near = open_end(arguments[2], arguments[3]);
  there.in = back.out = near;
  there.out = back.in = far;
  puts("ready");
  fflush(stdout);

  struct pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {near, POLLIN, 0}, {far, POLLIN, 0}};
  for (;;) {
    long long due = send_on(&there), other = send_on(&back);
    if (due < 0 || (other >= 0 && other < due)) due = other;
    long long rest = due - now();
    if (rest < 0) rest = 0;
    struct timespec wait = {rest / SECOND, rest % SECOND};
    if (ppoll(watched, 3, due < 0 ? NULL : &wait, NULL) < 0 && errno != EINTR) err(1, "ppoll");
    if (watched[0].revents) return 0;
    if (watched[1].revents) take_in(&there, delay);
    if (watched[2].revents) take_in(&back, delay);
  }
}
