# Homework: linear1 to linear6 without a word about encoder and decoder, type hints, one script
# ruff: noqa
import torch as th
import torch.nn as nn
from torch.nn.functional import relu, leaky_relu

IMG = 32
N = IMG * IMG * 3
HIDDEN_1, HIDDEN_2, CODE = 600, 150, 24


class Net(nn.Module):
    def __init__(self) -> None:
        super(Net, self).__init__()
        self.linear1 = nn.Linear(N, HIDDEN_1)
        self.linear2 = nn.Linear(HIDDEN_1, HIDDEN_2)
        self.linear3 = nn.Linear(HIDDEN_2, CODE)
        self.linear4 = nn.Linear(CODE, HIDDEN_2)
        self.linear5 = nn.Linear(HIDDEN_2, HIDDEN_1)
        self.linear6 = nn.Linear(HIDDEN_1, N)

    def forward(self, x: th.Tensor) -> th.Tensor:
        bs, c, h, w = x.shape
        x = x.view(bs, c * h * w)
        x = relu(self.linear1(x))
        x = relu(self.linear2(x))
        code = self.linear3(x)
        x = leaky_relu(self.linear4(code), 0.01)
        x = leaky_relu(self.linear5(x), 0.01)
        x = th.sigmoid(self.linear6(x))
        return x.view(bs, c, h, w)


net = Net()
n_params = sum(p.numel() for p in net.parameters() if p.requires_grad)
for epoch in range(3):
    print("epoch", epoch, n_params)
