"""A line between two networks of this machine: packets wait in a queue for their turn, travel for a while, and some are lost.

What `tc qdisc add … netem delay rate loss limit` does, for kernels that were built without it. Prints how many bytes each side has sent
when its standard input is closed.
"""
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

near, far, bits_per_second, one_way_ms, loss, seed = sys.argv[1:]
QUEUE_SECONDS = 1.0
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000


def end_of(name):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


ends = [end_of(near), end_of(far)]
chance = random.Random(int(seed))
sent, free_at, travelling = [0, 0], [0.0, 0.0], []
poll = select.poll()
for end in [*ends, sys.stdin.fileno()]:
    poll.register(end, select.POLLIN | select.POLLHUP)
print("open", flush=True)
while True:
    wait_ms = max(0.0, travelling[0][0] - time.monotonic()) * 1000 if travelling else None
    ready = {end for end, _ in poll.poll(wait_ms)}
    if sys.stdin.fileno() in ready:
        break
    for side, end in enumerate(ends):
        while end in ready:
            try:
                packet = os.read(end, 65536)
            except BlockingIOError:
                break
            now = time.monotonic()
            if free_at[side] - now > QUEUE_SECONDS:
                continue
            free_at[side] = max(free_at[side], now) + len(packet) * 8 / float(bits_per_second)
            sent[side] += len(packet)
            if chance.random() >= float(loss):
                heapq.heappush(travelling, (free_at[side] + float(one_way_ms) / 1000, side, packet))
    while travelling and travelling[0][0] <= time.monotonic():
        _, side, packet = heapq.heappop(travelling)
        try:
            os.write(ends[1 - side], packet)
        except OSError:
            pass
print(*sent, flush=True)
