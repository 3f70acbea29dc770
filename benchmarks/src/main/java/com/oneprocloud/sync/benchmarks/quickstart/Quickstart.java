// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.benchmarks.quickstart.Options.UsageException;
import java.io.IOException;
import java.io.PrintStream;

/** The command {@code benchmarks/quickstart}. */
public final class Quickstart {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private static volatile boolean ended;

  private Quickstart() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endInOrder(main), "quickstart-exit"));
    int code = run(arguments, System.out, System.err);
    ended = true;
    System.exit(code);
  }

  /**
   * Runs the command.
   *
   * @param arguments the command line
   * @param out where the story goes
   * @param err where progress and errors go
   * @return the exit code
   */
  static int run(String[] arguments, PrintStream out, PrintStream err) {
    boolean debug = false;
    try {
      Options options = Options.parse(arguments);
      debug = options.has("debug");
      if (options.has("help")) {
        out.print(Options.HELP);
      } else if (options.has("offline")) {
        return OfflineStory.tell(options, out) ? DONE : FAILED;
      } else if (options.has("ceph")) {
        new CephStory(options, out, err).tell();
      } else {
        new MemoryStory(options.has("keep"), out, err).tell();
      }
      return DONE;
    } catch (UsageException e) {
      err.println("quickstart: " + e.getMessage() + "\nTry benchmarks/quickstart --help");
      return USAGE;
    } catch (SyncException | IOException e) {
      return failed(e, String.valueOf(e.getMessage()), debug, err);
    } catch (InterruptedException e) {
      return failed(e, "interrupted", debug, err);
    } catch (RuntimeException e) {
      return failed(e, e.toString(), debug, err);
    }
  }

  private static int failed(Exception e, String message, boolean debug, PrintStream err) {
    err.println("quickstart: " + message);
    if (debug) {
      e.printStackTrace(err);
    }
    return FAILED;
  }

  /** Ctrl-C: lets the run stop where it can be taken up, and files be removed. */
  private static void endInOrder(Thread main) {
    if (!ended) {
      main.interrupt();
      try {
        main.join(15_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
