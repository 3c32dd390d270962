"""Faults on purpose: the real processes, the real journey, and what must hold whatever breaks meanwhile.

    points      the named points at which a process dies
    mortal/     what makes a process die there; it stands on the PYTHONPATH of the processes and nowhere else
    gates       what stands before an outside service and refuses, hangs, lies or dawdles
    mailserver  a mail server that follows a script, and whom the customers of the harness ask for their mails
    ground      the installation (logisav/tests/topology.py) with all of these, its parts started again as systemd does
    customer    the journey of one customer, over HTTP through nginx
    insider     a process beside it that makes quotes and judges the rows (I1 to I6, file = hash)
    table       the named faults: how each is caused, how it ends
    campaign    ten quotes at a time through one fault, the verdict, the result that is kept

`make faults ROW=smtp` runs the rows named; without ROW all of them, and goes on where it stopped.
"""
