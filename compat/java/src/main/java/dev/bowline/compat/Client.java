// SPDX-License-Identifier: Apache-2.0
package dev.bowline.compat;

import java.util.List;

/** jetcd through its public surface: Client URL,URL,URL MEMBER; the last kills and starts members. */
public final class Client {
  interface Check {
    void run(World world) throws Exception;
  }

  record Named(String name, Check check) {}

  private static final List<Named> CHECKS =
      List.of(
          new Named("puts and gets", Keys::putsAndGets),
          new Named("ranges", Keys::ranges),
          new Named("deletes", Keys::deletes),
          new Named("transactions", Keys::transactions),
          new Named("a namespace", Keys::aNamespace),
          new Named("compaction", Keys::compaction),
          new Named("leases", Leases::leases),
          new Named("a lease is kept alive", Leases::aLeaseIsKeptAlive),
          new Named("watches", Watches::watches),
          new Named("a watch of the past", Watches::thePast),
          new Named("filters", Watches::filters),
          new Named("progress", Watches::progress),
          new Named("a watch of what is compacted", Watches::compacted),
          new Named("members", Members::members),
          new Named("maintenance", Members::maintenance),
          new Named("snapshots", Members::snapshots),
          new Named("alarms", Members::alarms),
          new Named("auth is refused in a sentence", Refused::auth),
          new Named("lock and election are refused in a sentence", Refused::coordination),
          new Named("the leadership moves", Members::theLeadershipMoves),
          new Named("the leader is killed", Killed::theLeaderIsKilled));

  private Client() {}

  private static boolean holds(Named one, World world) {
    try {
      one.check().run(world);
      System.out.println("ok " + one.name());
      return true;
    } catch (Exception | AssertionError error) {
      StackTraceElement[] at = error.getStackTrace();
      System.out.printf("FAILED %s: %s at %s%n", one.name(), error, at.length > 1 ? at[1] : "?");
      return false;
    }
  }

  public static void main(String[] arguments) {
    World world = new World(arguments[0].split(","), arguments[1]);
    boolean all = true;
    for (Named one : CHECKS) all &= holds(one, world);
    List<String> missing = world.neverCalled();
    System.out.println(
        missing.isEmpty()
            ? "ok all methods were called"
            : "FAILED methods that were never called: " + missing);
    System.exit(all && missing.isEmpty() ? 0 : 1);
  }
}
