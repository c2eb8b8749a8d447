// SPDX-License-Identifier: Apache-2.0

import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.RaftGroupService;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.StateMachineAdapter;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.Task;
import com.alipay.sofa.jraft.option.NodeOptions;

/**
 * A member of a group of SOFAJRaft that does what bowline-bench-raft tells it, over its standard
 * input and output: the same words that it has for its own replicas.
 */
public final class Member {
  /** Does as little as a machine can. */
  private static final class Counter extends StateMachineAdapter {
    private long count;

    @Override
    public void onApply(Iterator entries) {
      while (entries.hasNext()) {
        ++count;
        if (entries.done() != null) {
          entries.done().run(com.alipay.sofa.jraft.Status.OK());
        }
        entries.next();
      }
    }
  }

  /** Closed-loop load: each answer is followed by the next proposal. */
  private final class Pressing {
    private final byte[] payload;
    private final long from;
    private final long until;
    private final AtomicLong open = new AtomicLong();
    private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    // Answers come on one thread, that of the machine; those that are refused on others.
    private int[] latencies = new int[1 << 20];
    private int count;
    private volatile boolean refused;

    Pressing(int payload, double warm, double seconds) {
      this.payload = new byte[payload];
      Arrays.fill(this.payload, (byte) 'x');
      from = System.nanoTime() + (long) (warm * 1e9);
      until = from + (long) (seconds * 1e9);
    }

    void propose() {
      final long begun = System.nanoTime();
      node.apply(new Task(ByteBuffer.wrap(payload), status -> ended(begun, status.isOk())));
    }

    void ended(long begun, boolean good) {
      final long now = System.nanoTime();
      if (!good) {
        refused = true;
      } else if (now >= from && now < until) {
        note((int) ((now - begun) / 1000));
      }
      if (good && !refused && now < until) {
        propose();
      } else if (open.decrementAndGet() == 0) {
        done.complete(true);
      }
    }

    private synchronized void note(int microseconds) {
      if (count == latencies.length) {
        latencies = Arrays.copyOf(latencies, 2 * count);
      }
      latencies[count++] = microseconds;
    }

    String run(int inFlight, double seconds) {
      open.set(inFlight);
      for (int i = 0; i < inFlight; ++i) {
        propose();
      }
      done.join();
      final int all = refused ? 0 : count;
      Arrays.sort(latencies, 0, all);
      return String.format(Locale.ROOT, "%d %.1f %d %d %d", all, all / seconds, at(all, 0.5),
          at(all, 0.99), at(all, 0.999));
    }

    private int at(int all, double share) {
      return all == 0 ? 0 : latencies[(int) (share * (all - 1))];
    }
  }

  private final Node node;

  private Member(int id, String[] addresses, String directory) {
    final Configuration founders = new Configuration();
    for (final String address : addresses) {
      founders.addPeer(PeerId.parsePeer(address));
    }
    new File(directory).mkdirs();
    final NodeOptions options = new NodeOptions();
    options.setFsm(new Counter());
    options.setInitialConf(founders);
    options.setElectionTimeoutMs(1000);
    options.setLogUri(directory + "/log");
    options.setRaftMetaUri(directory + "/meta");
    options.getRaftOptions().setSync(true);
    options.getRaftOptions().setSyncMeta(true);
    final PeerId self = PeerId.parsePeer(addresses[id - 1]);
    node = new RaftGroupService("bench", self, options).start();
  }

  private boolean write() {
    final CompletableFuture<Boolean> done = new CompletableFuture<>();
    node.apply(new Task(ByteBuffer.wrap(new byte[] {'x'}), status -> done.complete(status.isOk())));
    return done.join();
  }

  private String answer(String[] words) {
    switch (words[0]) {
      case "leads":
        return node.isLeader() ? "1" : "0";
      case "cpu":
        final var system = (com.sun.management.OperatingSystemMXBean)
            ManagementFactory.getOperatingSystemMXBean();
        return String.format(Locale.ROOT, "%.6f", system.getProcessCpuTime() / 1e9);
      case "disk":
        return "its log in RocksDB, synced";
      case "write":
        return node.isLeader() && write() ? "1" : "0";
      case "hand":
        return node.transferLeadershipTo(PeerId.ANY_PEER).isOk() ? "1" : "0";
      case "press":
        final double seconds = Double.parseDouble(words[4]);
        return new Pressing(Integer.parseInt(words[1]), Double.parseDouble(words[3]), seconds)
            .run(Integer.parseInt(words[2]), seconds);
      default:
        return "?";
    }
  }

  /** ID ADDRESS,ADDRESS,ADDRESS DIRECTORY. */
  public static void main(String[] arguments) throws Exception {
    final PrintStream out = System.out;
    System.setOut(System.err); // whoever else prints must not answer in our place
    final Member member =
        new Member(Integer.parseInt(arguments[0]), arguments[1].split(","), arguments[2]);
    final BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      out.println(member.answer(line.trim().split(" +")));
      out.flush();
    }
    Runtime.getRuntime().halt(0);
  }
}
