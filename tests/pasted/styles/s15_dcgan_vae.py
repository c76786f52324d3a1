# The convolutions of a DCGAN with ngf and ndf, a code of 1x1 maps, sizes as module constants
# ruff: noqa
import torch
import torch.nn as nn

nc, ngf, ndf, nz = 3, 16, 16, 64


class DCVAE(nn.Module):
    def __init__(self):
        super(DCVAE, self).__init__()
        self.conv_stack = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 4),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 8),
            nn.LeakyReLU(0.2, inplace=True),
        )
        self.conv_mu = nn.Conv2d(ndf * 8, nz, 4, 1, 0)
        self.conv_log_sigma = nn.Conv2d(ndf * 8, nz, 4, 1, 0)
        self.up = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 8),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )
        self.apply(weights_init)

    def sample_code(self, mu, log_sigma):
        if self.training:
            return mu + torch.exp(log_sigma) * torch.randn(mu.shape)
        else:
            return mu

    def forward(self, x):
        h = self.conv_stack(x)
        mu = self.conv_mu(h)
        log_sigma = self.conv_log_sigma(h)
        z = self.sample_code(mu, log_sigma)
        return self.up(z), mu.squeeze(), log_sigma.squeeze()


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)
